import { chunksOf } from '../util/chunks.js'
import { parseRecord } from './record.js'
import { type Job, readAllFresh } from './rounds.js'
import { amendIndex, type Index, type Listing, newestFirst, type Places, replaceIndex } from './subject-index.js'
import { addPages, narrowed, PAGE, type Page, readPages, readRange, writeRange } from './subject-pages.js'
import { hasSubject } from './subjects.js'

/** How many ids the index may hold: a sign-in reads and writes all of it, some 11 kB. */
export const MOST_RECENT = 128

/** So many of the newest stay when a page of others leaves: a sign-in that is under way looks for its own id there. */
const STAYING = MOST_RECENT + 1 - PAGE

/** With no more than this left, no page is needed: most of what left were sessions that are no more. */
const ENOUGH = 96

/** How many records are read or written in one trip. */
export const TRIP = 100

/** An id is entered before its record is written: one that is new may have no record yet. In milliseconds. */
const SETTLING = 60_000

type Entry = readonly [id: string, listing: Listing]

/** Takes all but the newest ids out of an index that has too many, and those of live sessions to pages. */
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
 * Looks through the next two pages for sessions that are no more. This is done when a page has come, so all pages have been
 * looked through before as many have come again: they hold no more than some twice the sessions that live at one time.
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
  // Whoever changes the range at the same time has cleaned as well.
  yield* writeRange(places, narrowed({ ...range, next: start + 2 }, isEmpty), 0)
}

/** Gives how many ids are left. */
function* cleanPage(places: Places, subject: string, { number, stored, index }: Page, now: number): Job<number> {
  const live = yield* stillOf(subject, [...index], now)
  if (live.length === index.size) return live.length
  const isDone = yield* replaceIndex(places.page(number), stored, new Map(live))
  return isDone ? live.length : index.size
}

/** Those that still exist and belong to the subject, and those that are too new to tell. */
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

/** What was entered again meanwhile stays. */
function without(index: Index, entries: readonly Entry[]): Index {
  const left = new Map(index)
  for (const [id, { entered }] of entries) if (left.get(id)?.entered === entered) left.delete(id)
  return left.size === index.size ? index : left
}
