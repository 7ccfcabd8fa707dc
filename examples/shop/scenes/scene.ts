import type { Stage } from './stage.js'
import type { Lane, Outcome } from './step.js'

/** A hard case that can be run. */
export interface Scene {
  /** In its address. */
  readonly name: string
  readonly title: string
  /** The title in a word or two. */
  readonly short: string
  /** What is about to happen. */
  readonly situation: string
  /** What happened, and why nothing was lost. */
  readonly why: string
  readonly lanes: Readonly<Record<Lane, string>>
  /** The same, on several stores, say. */
  readonly acts: readonly Act[]
}

export interface Act {
  readonly title?: string
  /** What it begins with. */
  readonly given: string
  /** The handler that it is about, which is shown as it runs. */
  readonly handler?: string
  play(stage: Stage): Promise<Outcome>
}
