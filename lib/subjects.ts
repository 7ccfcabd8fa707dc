import type { SubjectSession } from '../types/register.js'
import { parseRecord, type SessionRecord, storeId } from './record.js'
import type { Entry } from './registry.js'
import { create, type Job, pause, readAll, readFresh, removeAll, update } from './rounds.js'
import type { SessionState } from './state.js'
import { dataOf } from './stored.js'

/**
 * Which sessions a subject (a user) has: one index record per subject in each store, changed by compare-and-set like
 * every record. An id is entered before its record is written and looked for again afterwards, and `revoke` removes
 * records before ids: so whatever the order in which they meet, a sign-in that races a revocation is either ended by
 * it or came after it.
 */
interface Index {
  /** By record id: the session's name, when it ends at the latest, and when it was entered, in ms since the epoch. */
  readonly [id: string]: readonly [name: string, ends: number, entered: number]
}

/** Enters a session that is about to be written, and strikes out those that are no more. */
export function* enter(state: SessionState, now: number): Job<void> {
  const at = indexId(state.subject as string)
  const ends = state.createdAt + state.entry.absolute
  for (let attempt = 0; ; attempt++) {
    const stored = yield* readFresh(at)
    const known = stored === undefined ? {} : yield* stillThere(parseIndex(stored.text), now)
    const index: Index = { ...known, [state.id as string]: [state.entry.name, ends, now] }
    const expires = Math.max(...Object.values(index).map(([, end]) => end))
    const text = JSON.stringify(index)
    const done =
      stored === undefined ? yield* create(at, text, expires) : yield* update(at, text, expires, stored.version)
    if (done !== undefined) return
    yield* pause(backoff(attempt))
  }
}

/** Strikes out a session that was entered, and is not written after all. */
export function* leave(_entry: Entry, subject: string, id: string): Job<void> {
  const at = indexId(subject)
  for (let attempt = 0; ; attempt++) {
    const stored = yield* readFresh(at)
    if (stored === undefined) return
    const { [id]: _, ...left } = parseIndex(stored.text)
    if ((yield* update(at, JSON.stringify(left), stored.expires, stored.version)) !== undefined) return
    yield* pause(backoff(attempt))
  }
}

/** Whether the session is still entered; if not, its subject was revoked meanwhile. */
export function* isEntered(subject: string, id: string): Job<boolean> {
  const stored = yield* readFresh(indexId(subject))
  return stored !== undefined && Object.hasOwn(parseIndex(stored.text), id)
}

/** The live sessions of a subject in one store. */
export function* list(subject: string, entries: ReadonlyMap<string, Entry>, clearedAt: number): Job<SubjectSession[]> {
  const stored = yield* readFresh(indexId(subject))
  if (stored === undefined) return []
  const index = parseIndex(stored.text)
  const ids = Object.keys(index)
  const records = yield* readAll(ids)
  return ids.flatMap((id, position) => {
    const entry = entries.get(index[id]?.[0] ?? '')
    const found = records[position]
    const record = found && parseRecord(found.text)
    if (!entry || !found || !record || !isLive(record, subject) || record.c <= clearedAt) return []
    return [describe(entry, id, record, found.expires)]
  })
}

/** Ends the sessions of a subject in one store that are `chosen`; gives how many. */
export function* revoke(subject: string, chosen: (id: string) => boolean): Job<number> {
  const at = indexId(subject)
  let ended = 0
  for (let attempt = 0; ; attempt++) {
    const stored = yield* readFresh(at)
    if (stored === undefined) return ended
    const index = parseIndex(stored.text)
    const ids = Object.keys(index).filter(chosen)
    if (ids.length === 0) return ended
    ended += yield* removeAll(ids)
    const left = Object.fromEntries(Object.entries(index).filter(([id]) => !chosen(id)))
    if ((yield* update(at, JSON.stringify(left), stored.expires, stored.version)) !== undefined) return ended
    yield* pause(backoff(attempt))
  }
}

/** Grows with each lost race, by chance, so that rivals fall out of step. In milliseconds. */
export function backoff(attempt: number): number {
  return attempt === 0 ? 0 : Math.random() * Math.min(50, 2 ** attempt)
}

/** An id is entered before its record is written: one that is new may have no record yet. In milliseconds. */
const SETTLING = 60_000

function* stillThere(index: Index, now: number): Job<Index> {
  const entries = Object.entries(index).filter(([, [, ends]]) => ends > now)
  const records = yield* readAll(entries.map(([id]) => id))
  return Object.fromEntries(
    entries.filter(([, [, , entered]], position) => records[position] !== undefined || entered > now - SETTLING)
  )
}

function describe(entry: Entry, id: string, record: SessionRecord, expires: number): SubjectSession {
  const idle = typeof record.m === 'number' ? record.m * 1000 : entry.idle
  return {
    name: entry.name,
    id,
    createdAt: new Date(record.c),
    usedAt: new Date(Math.max(record.c, expires - idle)),
    expiresAt: new Date(expires),
    persistent: (record.m ?? entry.cookie.maxAge ?? false) !== false,
    data: dataOf(entry, record)
  }
}

function isLive(record: SessionRecord, subject: string): boolean {
  return record.s === subject && record.n === undefined && record.x === undefined
}

function indexId(subject: string): string {
  return storeId(`subject ${subject}`)
}

function parseIndex(text: string): Index {
  return JSON.parse(text) as Index
}
