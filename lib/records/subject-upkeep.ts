import { chunksOf } from '../util/chunks.js'
import { parseRecord } from './record.js'
import { type Job, readAllFresh } from './rounds.js'
import { amendIndex, type Index, type Listing, newestFirst, type Places, replaceIndex } from './subject-index.js'
import { addPages, narrowed, PAGE, type Page, readPages, readRange, writeRange } from './subject-pages.js'
import { hasSubject } from './subjects.js'

/** The most ids in an index. A sign-in reads and writes all of them, some 11 kB. */
export const MOST_RECENT = 128

/**
 * How many of the newest ids stay when others move to a page. A sign-in that is under way looks for its own id in the
 * index.
 */
const STAYING = MOST_RECENT + 1 - PAGE

/** If at most this many live ids are left, no page is needed: most of the others were sessions that have ended. */
const ENOUGH = 96

/** The most records to read or write in one trip. */
export const TRIP = 100

/** How long a new entry may lack a record, in milliseconds, because an id is entered before its record is written. */
const SETTLING = 60_000

type Entry = readonly [id: string, listing: Listing]

/** Takes all but the newest ids out of an index that has too many, and moves those of live sessions to pages. */
export function* pageOut(places: Places, subject: string, index: Index, now: number): Job<void> {
  const older = newestFirst(index).slice(STAYING)
  const live = yield* stillOf(subject, older, now)
  const isPaged = STAYING + live.length > ENOUGH
  if (isPaged) {
    yield* addPages(
      places,
      chunksOf(live.toReversed(), PAGE).map((page) => new Map(page))
    )
  }
  const staying = new Set(isPaged ? [] : live.map(([id]) => id))
  const leaving = older.filter(([id]) => !staying.has(id))
  yield* amendIndex(places.recent, (present) => without(present, leaving))
  if (isPaged) yield* cleanPages(places, subject, now)
}

export function isSettled({ entered }: Listing, now: number): boolean {
  return entered <= now - SETTLING
}

/**
 * Checks the next two pages for sessions that have ended. This happens whenever a page is added. So all pages have been
 * checked before their number has doubled, and together they hold at most about twice as many ids as there are live
 * sessions at one time.
 */
function* cleanPages(places: Places, subject: string, now: number): Job<void> {
  const range = yield* readRange(places)
  const { first, last } = range
  const start = range.next >= first && range.next <= last ? range.next : first
  const numbers = [start, start + 1].filter((number) => number <= last)
  const full = new Set<number>()
  for (const page of yield* readPages(places, numbers)) {
    if ((yield* cleanPage(places, subject, page, now)) > 0) full.add(page.number)
  }
  const isEmpty = (number: number) => numbers.includes(number) && !full.has(number)
  // A lost race does no harm: the writer that changed the range at the same time has checked pages too.
  yield* writeRange(places, narrowed({ ...range, next: start + 2 }, isEmpty), 0)
}

/** Removes the ids of ended sessions from a page, and returns how many ids are left. */
function* cleanPage(places: Places, subject: string, { number, stored, index }: Page, now: number): Job<number> {
  const live = yield* stillOf(subject, [...index], now)
  if (live.length === index.size) return live.length
  const isDone = yield* replaceIndex(places.page(number), stored, new Map(live))
  return isDone ? live.length : index.size
}

/** The entries whose record exists and belongs to the subject, and those that are too new to have a record yet. */
function* stillOf(subject: string, entries: readonly Entry[], now: number): Job<readonly Entry[]> {
  const kept: Entry[] = []
  for (const some of chunksOf(entries, TRIP)) {
    const records = yield* readAllFresh(some.map(([id]) => id))
    for (const [at, entry] of some.entries()) {
      const { text } = records[at] ?? {}
      const record = text === undefined ? undefined : parseRecord(text)
      const isThere = record !== undefined && hasSubject(record, subject)
      if (entry[1].ends > now && (isThere || !isSettled(entry[1], now))) kept.push(entry)
    }
  }
  return kept
}

/** The index without these entries. An id that was entered again in the meantime stays. */
function without(index: Index, entries: readonly Entry[]): Index {
  const left = new Map(index)
  for (const [id, { entered }] of entries) if (left.get(id)?.entered === entered) left.delete(id)
  return left.size === index.size ? index : left
}
