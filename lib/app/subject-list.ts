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

/** A place in the list of a subject's sessions: behind the session of this id. */
export interface Cursor {
  readonly entered: number
  readonly id: string
  /** The store that it was found in, by its number among those of the app. */
  readonly store: number
  /** The page of that store; 0 for the index. */
  readonly page: number
}

/** A session with its place in the list. */
export interface Found extends Cursor {
  readonly session: Omit<SubjectSession, 'cursor'>
}

export interface Wanted {
  readonly limit: number
  readonly after: Cursor | undefined
  /** Of the list's own store. */
  readonly store: number
}

/** What all lists of an app's sessions go by. */
export interface View {
  readonly app: string | undefined
  readonly definitions: ReadonlyMap<string, ResolvedDefinition>
  /** When all sessions were cleared, in ms since the epoch. */
  readonly clearedAt: number
}

/** The live sessions of a subject in one store, in the order in which they were entered, the newest first. */
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

/** Those of one list, and of several that are joined, stand in this order. */
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

/** Some more than are wanted, for some of those listed may be no more. */
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
