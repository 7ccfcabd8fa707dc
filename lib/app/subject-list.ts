import type { SubjectSession } from '../../types/register.js'
import type { StoredRecord } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { parseRecord, type SessionRecord } from '../records/record.js'
import { type Job, readAllFresh } from '../records/rounds.js'
import { type Index, type Listing, newestFirst, placesOf, readIndex } from '../records/subject-index.js'
import { pagesDown, readPages, readRange } from '../records/subject-pages.js'
import { TRIP } from '../records/subject-upkeep.js'
import { hasSubject, subjectsOf } from '../records/subjects.js'
import { idleOf, usedAt } from '../session/lifetime.js'
import { dataOf } from '../session/migrate.js'
import { chunksOf } from '../util/chunks.js'

/** A place in the list of a subject's sessions: after the session with this id. */
export interface Cursor {
  readonly entered: number
  readonly id: string
  /** The number of the session's store among those of the app. */
  readonly store: number
  /** The page of the subject's list in that store; 0 for the index. */
  readonly page: number
}

/** A session with its place in the list. */
export interface Found extends Cursor {
  readonly session: Omit<SubjectSession, 'cursor'>
}

export interface Wanted {
  readonly limit: number
  readonly after: Cursor | undefined
  /** The number of the store to list. */
  readonly store: number
}

/** What listing sessions needs to know of the app. */
export interface View {
  readonly app: string | undefined
  readonly definitions: ReadonlyMap<string, ResolvedDefinition>
  /** When all sessions were last cleared, in ms since the epoch. */
  readonly clearedAt: number
}

/** Returns the live sessions of a subject in one store, the last entered first. */
export function* list(view: View, subject: string, { limit, after, store }: Wanted): Job<readonly Found[]> {
  const places = placesOf(subject, view.app)
  const found: Found[] = []
  const seen = new Set<string>()
  function* collect(index: Index, page: number): Job<void> {
    const listed = newestFirst(index).filter((each) => isBehind(each, after) && !seen.has(each[0]))
    for (const [id] of listed) seen.add(id)
    for (const some of chunksOf(listed, tripFor(limit))) {
      if (found.length >= limit) return
      const records = yield* readAllFresh(some.map(([id]) => id))
      found.push(
        ...some
          .flatMap((each, at) => foundIn(view, subject, each, records[at]) ?? [])
          .map((each) => ({ ...each, store, page }))
      )
    }
  }
  yield* collect((yield* readIndex(places.recent)).index, 0)
  if (found.length >= limit) return found.slice(0, limit)
  const from = after?.store === store ? after.page || undefined : undefined
  for (const numbers of pagesDown(yield* readRange(places), from)) {
    for (const { number, index } of yield* readPages(places, numbers)) {
      yield* collect(index, number)
      if (found.length >= limit) return found.slice(0, limit)
    }
  }
  return found
}

/** The order of sessions within a list, and of the joined lists of several stores. */
export function isNewer(one: Pick<Cursor, 'entered' | 'id'>, other: Pick<Cursor, 'entered' | 'id'>): boolean {
  return one.entered > other.entered || (one.entered === other.entered && one.id > other.id)
}

/** Whether a record is a live session of the subject. */
export function isLive(record: SessionRecord, subject: string, clearedAt: number): boolean {
  const { n, x, c } = record
  return n === undefined && x === undefined && c > clearedAt && hasSubject(record, subject)
}

function isBehind([id, { entered }]: readonly [string, Listing], after: Cursor | undefined): boolean {
  return after === undefined || isNewer(after, { entered, id })
}

/**
 * Returns how many records to read at once: some more than wanted, because some of the listed sessions may have ended.
 */
function tripFor(limit: number): number {
  return Math.min(TRIP, limit + 10)
}

function foundIn(
  { definitions, clearedAt }: View,
  subject: string,
  [id, { name, entered }]: readonly [string, Listing],
  stored: StoredRecord | undefined
): Omit<Found, 'store' | 'page'> | undefined {
  const definition = definitions.get(name)
  const record = stored && parseRecord(stored.text)
  if (!definition || !record || !isLive(record, subject, clearedAt)) return undefined
  return { id, entered, session: describe(definition, id, record, (stored as StoredRecord).expires) }
}

function describe(
  definition: ResolvedDefinition,
  id: string,
  record: SessionRecord,
  expires: number
): Found['session'] {
  return {
    name: definition.name,
    id,
    subjects: subjectsOf(record),
    createdAt: new Date(record.c),
    usedAt: new Date(usedAt(record.c, expires, idleOf(record.m, definition.idle))),
    expiresAt: new Date(expires),
    persistent: (record.m ?? definition.cookie.maxAge ?? false) !== false,
    data: dataOf(definition, record)
  }
}
