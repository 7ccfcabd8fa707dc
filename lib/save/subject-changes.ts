import type { ResolvedDefinition } from '../definition/definition.js'
import type { Job } from '../records/rounds.js'
import { amendIndexes, type Index, type Places, placesOf, readIndexes } from '../records/subject-index.js'
import { pagesDown, readPages, readRange } from '../records/subject-pages.js'
import { MOST_RECENT, pageOut } from '../records/subject-upkeep.js'
import { latestEnd } from '../session/lifetime.js'
import type { SessionState } from '../session/state.js'

/*
 * The sessions of a subject (a user) are listed in an index record for each subject in each store, which holds the ids
 * of the newest sessions, and in pages, which hold those of older ones. All are changed by compare-and-set, like every
 * record. A session with several subjects is listed for each of them.
 *
 * Sign-in: an id is entered before its record is written, and looked up again afterwards. Revocation: it ends the
 * records that it finds. An id without a record is removed in two steps: first it is marked, so that the sign-in's
 * second look-up shows the revocation; then the revocation looks for the record once more before it removes the id. So
 * in every order of events, a sign-in that races a revocation is either ended by it, or counts as later.
 */

/** Enters a session into the indexes of these subjects, before its record is written. */
export function* enter(state: SessionState, subjects: readonly string[], now: number): Job<void> {
  const places = placesOfAll(subjects, state.definition.app)
  const indexes = yield* amendIndexes(recentIn(places), (present) => entered(state, present, 0, now))
  for (const [at, each] of places.entries()) {
    yield* keepShort(each, subjects[at] as string, indexes.get(each.recent) as Index, now)
  }
}

/** Returns the index with the session entered. */
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

/** Moves entries from a full index to pages. */
export function* keepShort(places: Places, subject: string, index: Index, now: number): Job<void> {
  if (index.size > MOST_RECENT) yield* pageOut(places, subject, index, now)
}

/** Removes a session that was entered, but is not written after all. */
export function* leave({ app }: ResolvedDefinition, subjects: readonly string[], id: string): Job<void> {
  yield* amendIndexes(recentIn(placesOfAll(subjects, app)), (index) => {
    const left = new Map(index)
    return left.delete(id) ? left : index
  })
}

/** Whether a written session is still listed for all its subjects. If not, one of them was revoked meanwhile. */
export function* isEntered({ definition, id }: SessionState, subjects: readonly string[]): Job<boolean> {
  const places = placesOfAll(subjects, definition.app)
  for (const [at, { index }] of (yield* readIndexes(recentIn(places))).entries()) {
    const listing = index.get(id as string)
    if (listing?.isLeaving) return false
    if (listing === undefined && !(yield* isInPages(places[at] as Places, id as string))) return false
  }
  return true
}

/** Whether the id is in a page: entries go there when enough others were entered after them to fill the index. */
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

/**
 * The most that clocks of servers are assumed to differ, in ms. A later entry in an index comes from a wrong clock and
 * is not followed.
 */
const CLOCKS_APART = 60 * 60 * 1000

/**
 * Returns a time later than every entry of the index, even where another server's clock is ahead, because lists are
 * ordered by it.
 */
function nextMoment(index: Index, now: number): number {
  let newest = 0
  for (const { entered } of index.values()) newest = Math.max(newest, entered)
  return newest >= now && newest < now + CLOCKS_APART ? newest + 1 : now
}
