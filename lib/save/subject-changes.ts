import type { ResolvedDefinition } from '../definition/definition.js'
import type { Job } from '../records/rounds.js'
import { amendIndexes, type Index, type Places, placesOf, readIndexes } from '../records/subject-index.js'
import { pagesDown, readPages, readRange } from '../records/subject-pages.js'
import { MOST_RECENT, pageOut } from '../records/subject-upkeep.js'
import { latestEnd } from '../session/lifetime.js'
import type { SessionState } from '../session/state.js'

/*
 * Which sessions a subject (a user) has: an index record per subject in each store, changed by compare-and-set like
 * every record, with the ids of the newest sessions, and pages with those of older ones. An id is entered before its
 * record is written and looked for again afterwards. A revocation ends the records that it finds, and takes an id for
 * which it finds none out of the index in two steps: after the first, whoever looks for it again learns that it was
 * revoked, and between the two the revocation looks for the record once more. So whatever the order in which they meet,
 * a sign-in that races a revocation is either ended by it or came after it. A session of several subjects is entered in
 * the index of each, and looked for in all of them.
 */

/** Enters a session that is about to be written with these subjects. */
export function* enter(state: SessionState, subjects: readonly string[], now: number): Job<void> {
  const places = placesOfAll(subjects, state.definition.app)
  const indexes = yield* amendIndexes(recentIn(places), (present) => entered(state, present, 0, now))
  for (const [at, each] of places.entries()) {
    yield* keepShort(each, subjects[at] as string, indexes.get(each.recent) as Index, now)
  }
}

/** An index with a session in it. */
export function entered(
  { definition, content, id, replaced }: SessionState,
  present: Index,
  waitsUntil: number,
  now: number
): Index {
  return new Map(living(present, now)).set(id as string, {
    name: definition.name,
    ends: latestEnd(content.createdAt, definition.absolute),
    entered: nextMoment(present, now),
    isLeaving: false,
    waitsUntil,
    replaces: definition.limit === undefined ? undefined : replaced?.location?.id
  })
}

/** What an index has no more room for goes to pages. */
export function* keepShort(places: Places, subject: string, index: Index, now: number): Job<void> {
  if (index.size > MOST_RECENT) yield* pageOut(places, subject, index, now)
}

/** Strikes out a session that was entered, and is not written after all. */
export function* leave({ app }: ResolvedDefinition, subjects: readonly string[], id: string): Job<void> {
  yield* amendIndexes(recentIn(placesOfAll(subjects, app)), (index) => {
    const left = new Map(index)
    return left.delete(id) ? left : index
  })
}

/** Whether a session that was written is still entered everywhere; if not, one of its subjects was revoked meanwhile. */
export function* isEntered({ definition, id }: SessionState, subjects: readonly string[]): Job<boolean> {
  const places = placesOfAll(subjects, definition.app)
  for (const [at, { index }] of (yield* readIndexes(recentIn(places))).entries()) {
    const listing = index.get(id as string)
    if (listing?.isLeaving) return false
    if (listing === undefined && !(yield* isInPages(places[at] as Places, id as string))) return false
  }
  return true
}

/** It can have gone to a page, when as many others were entered after it as the index holds. */
function* isInPages(places: Places, id: string): Job<boolean> {
  for (const numbers of pagesDown(yield* readRange(places))) {
    const found = (yield* readPages(places, numbers)).find(({ index }) => index.has(id))
    if (found !== undefined) return found.index.get(id)?.isLeaving === false
  }
  return false
}

function placesOfAll(subjects: readonly string[], app: string | undefined): readonly Places[] {
  return subjects.map((subject) => placesOf(subject, app))
}

function recentIn(places: readonly Places[]): readonly string[] {
  return places.map(({ recent }) => recent)
}

function living(index: Index, now: number) {
  return [...index].filter(([, { ends }]) => ends > now)
}

/** No entry of an index may be trusted to be from a clock that is right. In milliseconds. */
const CLOCKS_APART = 60 * 60 * 1000

/** Later than all that were entered before, also where another server's clock is ahead: the list stands in this order. */
function nextMoment(index: Index, now: number): number {
  let newest = 0
  for (const { entered } of index.values()) newest = Math.max(newest, entered)
  return newest >= now && newest < now + CLOCKS_APART ? newest + 1 : now
}
