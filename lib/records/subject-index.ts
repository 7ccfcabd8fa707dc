import type { StoredRecord, Write } from '../../types/store.js'
import { ConflictError } from '../errors.js'
import { isObject } from '../util/objects.js'
import { isTime, parseJson } from '../util/parse.js'
import { type Job, pause, readAllFresh, writeAll } from './rounds.js'
import { isStoreId, reservedId } from './ticket.js'

/** The entry of one session in an index record; times in ms since the epoch. */
export interface Listing {
  /** The name of the session's definition. */
  readonly name: string
  /** When the session ends at the latest. */
  readonly ends: number
  /**
   * When the session was entered. No two entries of one subject in one app have the same time, as far as clocks agree.
   */
  readonly entered: number
  /** A revocation is about to end the session, and found no record of it yet. */
  readonly isLeaving: boolean
  /**
   * Until when a sign-in that is under way holds its place among the sessions that a limit allows; 0 once it is done.
   */
  readonly waitsUntil: number
  /** The id that this entry replaced; only where there is a limit. */
  readonly replaces: string | undefined
}

/** Entries by record id. */
export type Index = ReadonlyMap<string, Listing>

/** An index record as it was read. */
export interface ReadIndex {
  readonly stored: StoredRecord | undefined
  readonly index: Index
}

/** The ids of the records that hold the ids of one subject's sessions. */
export interface Places {
  /** The record with the newest ids, which every sign-in changes. */
  readonly recent: string
  /** The record that says which pages there are. */
  readonly range: string
  /** The records with the older ids. */
  page(number: number): string
}

export function placesOf(subject: string, app: string | undefined): Places {
  return {
    recent: reservedId(`subject ${subject}`, app),
    range: reservedId(`pages of ${subject}`, app),
    page: (number) => reservedId(`page ${number} of ${subject}`, app)
  }
}

/** After how many lost races in a row a writer gives up. The pauses between them add up to some 5 s. */
export const MAX_TRIES = 200

/** How long an index is kept after its last session has left it, in milliseconds. */
const EMPTY_MS = 60_000

export function* readIndex(at: string): Job<ReadIndex> {
  return (yield* readIndexes([at]))[0] as ReadIndex
}

/** Reads several indexes in one trip. */
export function* readIndexes(ats: readonly string[]): Job<readonly ReadIndex[]> {
  return (yield* readAllFresh(ats)).map((stored) => ({ stored, index: parseIndex(stored?.text) }))
}

/** Replaces an index by compare-and-set. `false`: another writer was faster. */
export function* replaceIndex(at: string, stored: StoredRecord | undefined, next: Index): Job<boolean> {
  const write = replacementOf(at, stored, next)
  return write === undefined || (yield* writeAll([write]))[0] !== undefined
}

/** The write that replaces an index. `undefined`: there is no index, and the new one is empty. */
function replacementOf(id: string, stored: StoredRecord | undefined, next: Index): Write | undefined {
  if (stored === undefined && next.size === 0) return undefined
  const text = formatIndex(next)
  const expires = next.size === 0 ? Date.now() + EMPTY_MS : latestEnd(next)
  if (stored === undefined) return { kind: 'create', id, text, expires }
  return { kind: 'update', id, text, expires, version: stored.version }
}

/**
 * Changes an index by compare-and-set, in several tries if necessary, and returns its new contents.
 *
 * @throws ConflictError after `MAX_TRIES` lost races
 */
export function* amendIndex(at: string, change: (index: Index) => Index): Job<Index> {
  return (yield* amendIndexes([at], change)).get(at) as Index
}

/**
 * Does the same for several indexes, whose tries share their trips. Returns the new contents by place.
 *
 * @throws ConflictError after `MAX_TRIES` lost races
 */
export function* amendIndexes(
  ats: readonly string[],
  change: (index: Index, at: string) => Index
): Job<ReadonlyMap<string, Index>> {
  const amended = new Map<string, Index>()
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const left = ats.filter((at) => !amended.has(at))
    const changes = changesOf(left, yield* readIndexes(left), change)
    const done = yield* writeAll(changes.flatMap(({ write }) => write ?? []))
    let written = 0
    for (const { at, next, write } of changes) {
      if (write === undefined || done[written++] !== undefined) amended.set(at, next)
    }
    if (amended.size === ats.length) return amended
    yield* pause(backoff(attempt))
  }
  throw new ConflictError(MAX_TRIES)
}

interface Change {
  readonly at: string
  readonly next: Index
  /** `undefined`: the index is unchanged. */
  readonly write: Write | undefined
}

function changesOf(
  ats: readonly string[],
  indexes: readonly ReadIndex[],
  change: (index: Index, at: string) => Index
): readonly Change[] {
  return indexes.map(({ stored, index }, number) => {
    const at = ats[number] as string
    const next = change(index, at)
    return { at, next, write: next === index ? undefined : replacementOf(at, stored, next) }
  })
}

/**
 * Returns the pause after a lost race, in milliseconds. It grows with each attempt and is random, so that rivals fall
 * out of step.
 */
export function backoff(attempt: number): number {
  return attempt === 0 ? 0 : Math.random() * Math.min(50, 2 ** attempt)
}

/** The entries, newest first. Entries of the same time are ordered by their ids. */
export function newestFirst(index: Index): readonly (readonly [id: string, listing: Listing])[] {
  return [...index].sort(([a, { entered: one }], [b, { entered: other }]) => other - one || (a < b ? 1 : -1))
}

export function latestEnd(index: Index): number {
  let latest = 0
  for (const { ends } of index.values()) latest = Math.max(latest, ends)
  return latest
}

/**
 * Parses an index: `{ [id]: [name, ends, entered, leaving, waitsUntil, replaces] }`, where `leaving` is 0 or 1, and
 * trailing values that are 0 or absent are left out. A text of another form counts as an empty index, and an entry of
 * another form as absent. The next writer repairs them.
 */
export function parseIndex(text: string | undefined): Index {
  const index = new Map<string, Listing>()
  const value = text === undefined ? undefined : parseJson(text)
  for (const [id, entry] of Object.entries(isObject(value) ? value : {})) {
    const listing = listingIn(entry)
    if (listing !== undefined && isStoreId(id)) index.set(id, listing)
  }
  return index
}

export function formatIndex(index: Index): string {
  return JSON.stringify(Object.fromEntries([...index].map(([id, listing]) => [id, entryOf(listing)])))
}

function entryOf({ name, ends, entered, isLeaving, waitsUntil, replaces }: Listing): readonly unknown[] {
  const leaving = isLeaving ? 1 : 0
  if (replaces !== undefined) return [name, ends, entered, leaving, waitsUntil, replaces]
  if (waitsUntil > 0) return [name, ends, entered, leaving, waitsUntil]
  return isLeaving ? [name, ends, entered, leaving] : [name, ends, entered]
}

function listingIn(value: unknown): Listing | undefined {
  if (!Array.isArray(value)) return undefined
  const [name, ends, entered, leaving, waitsUntil, replaces] = value as readonly unknown[]
  if (typeof name !== 'string' || !isTime(ends) || !isTime(entered) || !(Number.isInteger(entered) && entered >= 0))
    return undefined
  return {
    name,
    ends,
    entered,
    isLeaving: leaving === 1,
    waitsUntil: isTime(waitsUntil) ? waitsUntil : 0,
    replaces: isStoreId(replaces) ? replaces : undefined
  }
}
