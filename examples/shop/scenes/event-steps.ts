import type { SessionEvent } from 'fastify-sessions/events'
import { stepOf, toneOf } from 'fastify-sessions/inspector/parts'
import type { Step } from './step.js'

type Kind = SessionEvent['event']

/** Events that say what others say as well. */
const UNTOLD: ReadonlySet<Kind> = new Set(['opened', 'touched', 'identified'])

const LINKS: Partial<Record<Kind, Step['link']>> = {
  loaded: 'from',
  created: 'to',
  saved: 'to',
  replayed: 'to',
  regenerated: 'to',
  destroyed: 'to',
  revoked: 'to'
}

/** Refusals that are found in what the store gave; for the others it is not even asked. */
const IN_STORE: ReadonlySet<string> = new Set(['gone', 'retired', 'schema', 'newer', 'store'])

/** An event as a step, in the library's own words; `undefined`: it says nothing that is not told already. */
export function stepOfEvent(event: SessionEvent): Pick<Step, 'text' | 'tone' | 'link'> | undefined {
  if (UNTOLD.has(event.event)) return undefined
  const { session, words } = stepOf(event)
  const link = event.event === 'refused' ? linkOfRefusal(event) : LINKS[event.event]
  return { text: `${session}: ${words}`, tone: toneOf(event.event), ...(link !== undefined && { link }) }
}

function linkOfRefusal({ problem, during }: Extract<SessionEvent, { event: 'refused' }>): Step['link'] {
  return during === 'load' && IN_STORE.has(problem) ? 'from' : undefined
}
