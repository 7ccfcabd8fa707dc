import type { FastifyBaseLogger } from 'fastify'
import type { Problem } from '../types/session.js'
import type { StoredRecord } from '../types/store.js'
import type { CookieHeader } from './cookie-header.js'
import { MAX_CHUNKS, MAX_COOKIE_BYTES } from './cookies.js'
import type { CookieValues, OpenedValue } from './known.js'
import type { Ticket } from './record.js'
import type { Entry } from './registry.js'
import { type Job, read } from './rounds.js'
import type { Loaded, Source } from './source.js'

const MAX_VALUE_BYTES = MAX_CHUNKS * MAX_COOKIE_BYTES

/** A chain of retired records is followed this far: each link is one `regenerate()` within the grace of the one before. */
const MAX_HOPS = 8

export interface Moment {
  /** In ms since the epoch. */
  readonly now: number
  /** When all sessions were cleared, in ms since the epoch. */
  readonly clearedAt: number
}

/** Opens the cookie of a session on the cookie store. */
export function loadFromCookie(entry: Entry, header: CookieHeader, moment: Moment): Loaded {
  const opened = openCookie(entry, entry.sealedRecords, header)
  if (opened === undefined) return {}
  if (opened.problem !== undefined) return opened
  const { text, content: record, isStale, recentValue } = opened
  if (record.e === undefined) return { problem: 'malformed' }
  const problem = ended(entry, record.c, record.e, moment)
  return problem === undefined ? { source: { text, record, expires: record.e, recentValue }, isStale } : { problem }
}

export type OpenedTicket =
  | { readonly ticket: Ticket; readonly isStale: boolean; readonly problem?: undefined }
  | { readonly ticket?: undefined; readonly problem: Problem }

/** Opens the cookie of a session on a record store; `undefined` when none came. */
export function openTicket(entry: Entry, header: CookieHeader, moment: Moment): OpenedTicket | undefined {
  const opened = openCookie(entry, entry.sealedTickets, header)
  if (opened === undefined || opened.problem !== undefined) return opened
  const { content: ticket, isStale } = opened
  const problem = ended(entry, ticket.createdAt, ticket.expires, moment)
  return problem === undefined ? { ticket, isStale } : { problem }
}

/** Reads the record that a ticket names. */
export function* loadRecord(
  entry: Entry,
  { ticket, isStale }: OpenedTicket & { readonly ticket: Ticket },
  moment: Moment
): Job<Loaded> {
  // Not by `readSource`: a generator within another is paid again at each step, and most requests go here.
  const stored = (yield { kind: 'read', id: ticket.id }) as StoredRecord | undefined
  const source = sourceOf(entry, ticket.id, stored, ticket)
  if (source === undefined) return { problem: 'gone' }
  const problem = ended(entry, source.record.c, source.expires, moment)
  if (problem !== undefined) return { problem }
  const { n: retired } = source.record
  if (retired === undefined) return { source, isStale }
  if (retired[1] <= moment.now) return { problem: 'retired' }
  // Who comes with the old id sees what it held when it was replaced, not what the new id has gained since: rights
  // given at sign-in stay out of reach of whoever planted the old one. Ending the new session ends this one too.
  if ((yield* successorOf(entry, source)) === undefined) return { problem: 'gone' }
  return { source: { ...source, kept: source.kept && { ...source.kept, ticket: undefined } } }
}

/** The record of an id; `undefined` when there is none, or it is destroyed, or no record of ours. */
export function* readSource(entry: Entry, id: string, ticket?: Ticket): Job<Source | undefined> {
  return sourceOf(entry, id, yield* read(id), ticket)
}

function sourceOf(
  entry: Entry,
  id: string,
  stored: StoredRecord | undefined,
  ticket: Ticket | undefined
): Source | undefined {
  if (stored === undefined) return undefined
  const record = entry.storedRecords.parse(id, stored.text)
  if (record === undefined || record.x) return undefined
  return { text: stored.text, record, expires: stored.expires, kept: { id, version: stored.version, ticket } }
}

/** The live record at the end of a chain of retired ones. */
export function* successorOf(entry: Entry, source: Source): Job<Source | undefined> {
  let found: Source | undefined = source
  for (let hop = 0; hop < MAX_HOPS && found?.record.n !== undefined; hop++)
    found = yield* readSource(entry, found.record.n[0])
  return found?.record.n === undefined ? found : undefined
}

const LEVELS: Readonly<Partial<Record<Problem, 'warn' | 'info'>>> = {
  retired: 'warn',
  'bad-seal': 'warn',
  store: 'warn'
}

/** Says why a cookie gave no session; where it hints at an attack, as a warning. */
export function logProblem(log: FastifyBaseLogger, session: string, problem: Problem | undefined): void {
  if (problem === undefined || problem === 'schema') return
  log[LEVELS[problem] ?? 'info']({ session, problem }, `a session cookie gave no session: ${problem}`)
}

function openCookie<T>({ cookie }: Entry, values: CookieValues<T>, header: CookieHeader): OpenedValue<T> | undefined {
  return cookie.read(
    header,
    (value) => (value.length > MAX_VALUE_BYTES ? { problem: 'too-large' } : values.open(value)),
    ({ problem }) => problem === undefined
  )
}

function ended(entry: Entry, createdAt: number, expires: number, { now, clearedAt }: Moment): Problem | undefined {
  if (Math.min(expires, createdAt + entry.absolute) <= now) return 'expired'
  return createdAt <= clearedAt ? 'cleared' : undefined
}
