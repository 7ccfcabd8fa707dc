import type { StoredRecord } from '../../types/store.js'
import { chunksOf } from '../util/chunks.js'
import { groupBy } from '../util/group-by.js'
import type { Doomed } from './ending.js'
import { parseRecord, type SessionRecord } from './record.js'
import { type Job, readAllFresh } from './rounds.js'
import type { Index, Listing, Places } from './subject-index.js'
import { pagesDown, readPages, readRange } from './subject-pages.js'
import { TRIP } from './subject-upkeep.js'

/** A session of a user, as a limit on sessions counts it. While the session is changing its id, it has two records. */
export interface Counted {
  /** Its live records. There are none yet while its sign-in is under way. */
  readonly live: readonly Doomed[]
  /** All ids under which the index lists it. */
  readonly ids: ReadonlySet<string>
  /** When it was last entered in the index, in ms since the epoch. */
  readonly entered: number
  /** Whether its sign-in did not finish while its place was reserved. Such a session was never announced to the app. */
  readonly isBroken: boolean
}

/** Which sessions are counted. */
export interface Count {
  readonly name: string
  /** The user. A session counts only if this is its first subject. */
  readonly subject: string
  /** When all sessions were cleared, in ms since the epoch. */
  readonly clearedAt: number
  /** The current time, in ms since the epoch. */
  readonly now: number
}

/**
 * Returns the sessions of a user that are listed in the index, or in the pages behind it, and are live or about to be;
 * newest first. An id is entered before its record is written, and stays after the session has ended. So only the
 * records tell whether a session is live. A record that was replaced after the index was read leads to a successor that
 * is not listed there.
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

/**
 * Reads the entries of the index, and then those of the pages. In this order no entry is missed, because an id is
 * written to a page before it leaves the index.
 */
function* entriesOf({ name }: Count, places: Places, recent: Index): Job<Map<string, Listing>> {
  const entries = new Map([...recent].filter(([, listing]) => listing.name === name))
  for (const numbers of pagesDown(yield* readRange(places))) {
    for (const { index } of yield* readPages(places, numbers)) {
      for (const [id, listing] of index) {
        // Entries in a page are old, so their sign-ins are no longer under way.
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

/** Reads the records of these ids; ids without one are left out. */
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

/** Groups the ids of a session: an id that was entered in place of another one belongs to the same session. */
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
