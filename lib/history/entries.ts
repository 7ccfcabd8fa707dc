import type { SessionEvent } from '../../types/events.js'
import type { Ending, HistoryEntry } from '../../types/history.js'

/** The events that are kept. */
export const ENDINGS: ReadonlySet<SessionEvent['event']> = new Set([
  'regenerated',
  'identified',
  'destroyed',
  'revoked',
  'cleared',
  'expired',
  'refused',
  'evicted'
] satisfies Ending[])

type Known = Partial<Omit<HistoryEntry, 'event' | 'at' | 'times'>> & Pick<HistoryEntry, 'event' | 'at'>

/** What of an event is kept: of its request only the route, as the app names it. */
export function entryOf(event: SessionEvent): HistoryEntry {
  const { session, store, id, formerId, subject, formerSubject, problem, by, cut, key, during, createdAt, at } =
    event as unknown as Known
  const about = { session, store, id, formerId, subject, formerSubject, route: routeOf(event) }
  const cause = { problem, by, cut, key, during, createdAt }
  return { event: event.event as Ending, at, times: 1, ...about, ...cause }
}

function routeOf(event: SessionEvent): string | undefined {
  const request = 'request' in event ? event.request : undefined
  return request && `${request.method} ${request.routeOptions.url ?? '(a path of no route)'}`
}

/** Whether one entry says again what another one says: then it is counted, and takes no place of its own. */
export function sameAs(one: HistoryEntry, other: HistoryEntry): boolean {
  return isRepeatable(one) && keyOf(one) === keyOf(other)
}

export function again(entry: HistoryEntry, next: HistoryEntry): HistoryEntry {
  return { ...next, times: entry.times + next.times }
}

export function isRepeatable({ event }: HistoryEntry): boolean {
  return event === 'refused' || event === 'expired'
}

export function keyOf({ event, session, id, problem, key, during }: HistoryEntry): string {
  return JSON.stringify([event, session, id, problem, key, during])
}

/** Whether it is about a session of this id, or of this user. */
export function isAbout(
  { id, formerId, subject, formerSubject }: HistoryEntry,
  asked: ReadonlySet<string | undefined>
): boolean {
  return [id, formerId, subject, formerSubject].some((each) => each !== undefined && asked.has(each))
}

/** Whether it does not tell whose cookie it was. */
export function isUnknown({ event, id, subject }: HistoryEntry): boolean {
  return event === 'refused' && id === undefined && subject === undefined
}
