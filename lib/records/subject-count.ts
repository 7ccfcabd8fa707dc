import type { StoredRecord } from '../../types/store.js'
import { chunksOf } from '../util/chunks.js'
import { groupBy } from '../util/group-by.js'
import type { Doomed } from './ending.js'
import { parseRecord, type SessionRecord } from './record.js'
import { type Job, readAllFresh } from './rounds.js'
import type { Index, Listing, Places } from './subject-index.js'
import { pagesDown, readPages, readRange } from './subject-pages.js'
import { TRIP } from './subject-upkeep.js'

/** A session of a user, as a limit counts it: while it is given a new id, it has two. */
export interface Counted {
  /** Its records that live: none yet where a sign-in is under way. */
  readonly live: readonly Doomed[]
  /** All ids under which it is entered. */
  readonly ids: ReadonlySet<string>
  /** When it was entered last, in ms since the epoch. */
  readonly entered: number
  /** Its sign-in has not been done in the time for which its place is kept: nobody has been told of it. */
  readonly isBroken: boolean
}

/** Whose sessions are counted. */
export interface Count {
  readonly name: string
  /** The user: who stands behind another in a session does not have it. */
  readonly subject: string
  /** When all sessions were cleared, in ms since the epoch. */
  readonly clearedAt: number
  /** In ms since the epoch. */
  readonly now: number
}

/**
 * The sessions of a user that are entered in an index, or in the pages behind it, and live or are about to; the newest
 * first. An id is entered before its record is written, and stays when the session has ended: so it is the records that
 * tell. A record that was replaced after the index had been read leads to one that is not entered there.
 */
export function* countSessions(count: Count, places: Places, recent: Index): Job<readonly Counted[]> {
  const entries = yield* entriesOf(count, places, recent)
  const live = new Map<string, Doomed>()
  let ids: readonly string[] = [...entries.keys()]
  while (ids.length > 0) {
    const followed: string[] = []
    for (const { id, stored, record } of yield* readThem(ids)) {
      const [successor] = record.n ?? []
      if (successor !== undefined && !entries.has(successor)) {
        entries.set(successor, { ...(entries.get(id) as Listing), entered: Number.MAX_SAFE_INTEGER, replaces: id })
        followed.push(successor)
      } else if (isOf(count, record)) live.set(id, { id, record, version: stored.version })
    }
    ids = followed
  }
  return grouped(entries, live, count.now)
}

function isOf({ subject, clearedAt }: Count, { s, n, x, c }: SessionRecord): boolean {
  return s === subject && n === undefined && x === undefined && c > clearedAt
}

/** Whoever reads the index first and the pages after it misses none. */
function* entriesOf({ name }: Count, places: Places, recent: Index): Job<Map<string, Listing>> {
  const entries = new Map([...recent].filter(([, listing]) => listing.name === name))
  for (const numbers of pagesDown(yield* readRange(places))) {
    for (const { index } of yield* readPages(places, numbers)) {
      for (const [id, listing] of index) {
        // What went to a page was entered so long ago that it waits for nothing.
        if (listing.name === name && !entries.has(id)) entries.set(id, { ...listing, waitsUntil: 0 })
      }
    }
  }
  return entries
}

interface Read {
  readonly id: string
  readonly stored: StoredRecord
  readonly record: SessionRecord
}

/** Those of the ids that have a record. */
function* readThem(ids: readonly string[]): Job<readonly Read[]> {
  const read: Read[] = []
  for (const some of chunksOf(ids, TRIP)) {
    for (const [at, stored] of (yield* readAllFresh(some)).entries()) {
      const record = stored && parseRecord(stored.text)
      if (record !== undefined) read.push({ id: some[at] as string, stored: stored as StoredRecord, record })
    }
  }
  return read
}

/** What was entered in the place of another id is the same session. */
function grouped(
  entries: ReadonlyMap<string, Listing>,
  live: ReadonlyMap<string, Doomed>,
  now: number
): readonly Counted[] {
  const groups = groupBy([...entries.keys()], (id) => rootOf(id, entries))
  return [...groups.values()]
    .map((ids) => countedAs(ids, entries, live, now))
    .filter(({ entered }) => entered > 0)
    .sort((one, other) => other.entered - one.entered)
}

function countedAs(
  ids: readonly string[],
  entries: ReadonlyMap<string, Listing>,
  live: ReadonlyMap<string, Doomed>,
  now: number
): Counted {
  const present = ids.filter((id) => live.has(id) || isWaiting(entries.get(id) as Listing))
  return {
    live: present.flatMap((id) => live.get(id) ?? []),
    ids: new Set(ids),
    entered: Math.max(0, ...present.map((id) => (entries.get(id) as Listing).entered)),
    isBroken: present.length > 0 && present.every((id) => isPast(entries.get(id) as Listing, now))
  }
}

function isWaiting({ waitsUntil, isLeaving }: Listing): boolean {
  return waitsUntil > 0 && !isLeaving
}

function isPast({ waitsUntil }: Listing, now: number): boolean {
  return waitsUntil > 0 && waitsUntil <= now
}

function rootOf(id: string, entries: ReadonlyMap<string, Listing>): string {
  const passed = new Set<string>()
  let root = id
  for (let before = entries.get(root)?.replaces; before !== undefined && !passed.has(before); ) {
    passed.add(root)
    root = before
    before = entries.get(root)?.replaces
  }
  return root
}
