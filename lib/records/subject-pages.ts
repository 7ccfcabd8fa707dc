import type { StoredRecord } from '../../types/store.js'
import { ConflictError } from '../errors.js'
import { chunksOf } from '../util/chunks.js'
import { parseJson } from '../util/parse.js'
import { create, type Job, pause, readAllFresh, readFresh, update, writeAll } from './rounds.js'
import { backoff, formatIndex, type Index, latestEnd, MAX_TRIES, type Places, parseIndex } from './subject-index.js'

/**
 * Ids for which the index has no room are kept in pages: records of a hundred ids each, numbered from the oldest. A
 * page is written once, and only loses ids after that. A page exists before the range includes it, and the range
 * includes it before its ids leave the index. So a reader that reads the index first and the range after it misses no
 * id.
 */
export interface PageRange {
  readonly first: number
  /** One less than `first` if there are no pages. */
  readonly last: number
  /** The page to be checked next for sessions that have ended. */
  readonly next: number
  readonly stored: StoredRecord | undefined
}

export interface Page {
  readonly number: number
  readonly stored: StoredRecord
  readonly index: Index
}

/** The most ids in a page. */
export const PAGE = 100

/** How many pages are read or written in one trip: about as many bytes as a hundred sessions have. */
const PAGES_A_TRIP = 10

/** The most pages in a range, for ten million sessions. A wider range counts as damaged. */
const MOST_PAGES = 100_000

/** Reads those of the pages that exist, in the order of the numbers. */
export function* readPages(places: Places, numbers: readonly number[]): Job<readonly Page[]> {
  const records = yield* readAllFresh(numbers.map(places.page))
  return numbers.flatMap((number, at) => {
    const stored = records[at]
    return stored === undefined ? [] : [{ number, stored, index: parseIndex(stored.text) }]
  })
}

/**
 * The numbers of the pages from `from`, or from the newest, down to the oldest, in chunks that are read in one trip
 * each.
 */
export function pagesDown({ first, last }: PageRange, from = last): readonly (readonly number[])[] {
  const newest = Math.min(from, last)
  const count = Math.max(0, newest - first + 1)
  return chunksOf(
    Array.from({ length: count }, (_, back) => newest - back),
    PAGES_A_TRIP
  )
}

export function* readRange({ range }: Places): Job<PageRange> {
  return parseRange(yield* readFresh(range))
}

/** Writes the range by compare-and-set. `false`: another writer was faster. */
export function* writeRange(places: Places, range: PageRange, end: number): Job<boolean> {
  const { first, last, next, stored } = range
  const text = JSON.stringify([first, last, next])
  if (stored === undefined) return (yield* create(places.range, text, end)) !== undefined
  return (yield* update(places.range, text, Math.max(stored.expires, end), stored.version)) !== undefined
}

/** The range without its oldest pages, as far as they are empty. */
export function narrowed(range: PageRange, isEmpty: (number: number) => boolean): PageRange {
  let { first } = range
  while (first <= range.last && isEmpty(first)) first++
  return { ...range, first }
}

/**
 * Adds pages. The range is written even if another writer has already widened it enough. That makes a concurrent writer
 * fail that read the range before the pages existed, and would leave them out as empty.
 *
 * @throws ConflictError after `MAX_TRIES` lost races
 */
export function* addPages(places: Places, pages: readonly Index[]): Job<void> {
  const end = Math.max(...pages.map(latestEnd))
  let range = yield* readRange(places)
  let first = range.last + 1
  let last = yield* createPages(places, first, pages)
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    if (yield* writeRange(places, { ...range, last: Math.max(range.last, last) }, end)) return
    yield* pause(backoff(attempt))
    range = yield* readRange(places)
    if (range.first <= first) continue
    first = range.last + 1
    last = yield* createPages(places, first, pages)
  }
  throw new ConflictError(MAX_TRIES)
}

/**
 * Creates pages under free numbers from `first` on, and returns the last number taken.
 *
 * @throws ConflictError after `MAX_TRIES` tries
 */
function* createPages(places: Places, first: number, pages: readonly Index[]): Job<number> {
  let number = first
  let left = pages
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const refused: Index[] = []
    for (const some of chunksOf(left, PAGES_A_TRIP)) {
      const done = yield* writeAll(some.map((index, at) => creationOf(places.page(number + at), index)))
      refused.push(...some.filter((_, at) => done[at] === undefined))
      number += some.length
    }
    if (refused.length === 0) return number - 1
    left = refused
    // If the range was lost, any number of existing pages may be in the way, so the steps grow.
    number += 2 ** Math.min(attempt, 10) - 1
  }
  throw new ConflictError(MAX_TRIES)
}

function creationOf(id: string, index: Index) {
  return { kind: 'create', id, text: formatIndex(index), expires: latestEnd(index) } as const
}

/** Parses a range. A text of another form counts as a range without pages. */
function parseRange(stored: StoredRecord | undefined): PageRange {
  const value = stored && parseJson(stored.text)
  const [first, last, next]: readonly unknown[] = Array.isArray(value) ? value : []
  const isSound =
    isNumber(first) && isNumber(last) && isNumber(next) && first >= 1 && last >= first - 1 && last - first < MOST_PAGES
  return isSound ? { first, last, next, stored } : { first: 1, last: 0, next: 1, stored }
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value)
}
