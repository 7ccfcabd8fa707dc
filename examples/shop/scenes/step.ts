import { z } from 'zod'

/** Whose doing something is: each has a line of its own, to the left and to the right of that of the store. */
export const lanes = ['left', 'right'] as const
export type Lane = (typeof lanes)[number]

/** One thing that happened while a scene ran, as it is kept and drawn. */
export const Step = z.object({
  /** In ms since the scene began. */
  at: z.number(),
  lane: z.enum(lanes),
  /** A request comes, or is answered; in between its line is a bar. */
  edge: z.enum(['begins', 'ends']).optional(),
  /** Something goes to the store, comes from it, is turned away by it, or overwrites what is there. */
  link: z.enum(['to', 'from', 'stopped', 'over']).optional(),
  tone: z.enum(['plain', 'read', 'write', 'replay', 'end', 'fault']),
  /** In whose words: of the scene, or of the library, which published an event. */
  by: z.enum(['scene', 'library']),
  text: z.string()
})
export type Step = z.infer<typeof Step>

/** What is the case when all is over, found by looking. */
export const Outcome = z.object({ isGood: z.boolean(), text: z.string() })
export type Outcome = z.infer<typeof Outcome>

/** What came of a scene that was run. */
export const Run = z.object({
  /** In ms since the epoch. */
  at: z.number(),
  acts: z.array(z.object({ steps: z.array(Step), outcome: Outcome }))
})
export type Run = z.infer<typeof Run>
