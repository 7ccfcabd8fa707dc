import type { FastifyBaseLogger } from 'fastify'
import type { Problem } from '../../types/session.js'
import type { StoredRecord } from '../../types/store.js'
import type { Candidate } from '../cookie/cookie.js'
import type { CookieHeader } from '../cookie/header.js'
import type { OpenedValue, Sealing } from '../cookie/sealed-values.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { MAX_CHUNKS, MAX_COOKIE_BYTES } from '../options/cookie.js'
import { isLonger } from '../records/record.js'
import { type Job, readFresh } from '../records/rounds.js'
import type { Ticket } from '../records/ticket.js'
import { endedBy, endOf } from '../session/lifetime.js'
import type { Loaded, Origin, Refusal } from '../session/origin.js'
import { withoutTicket } from '../session/origin.js'
import { originOf } from '../session/stored-origin.js'
import { follow } from './successor.js'

const MAX_VALUE_BYTES = MAX_CHUNKS * MAX_COOKIE_BYTES

export interface Cutoffs {
  /** The present time, in ms since the epoch: a session that ends by then has expired. */
  readonly now: number
  /** The time of the last clearing, in ms since the epoch: a session that was created by then is cleared. */
  readonly clearedAt: number
}

/**
 * Opens the cookie of a session on the cookie store. If several cookies have its name, it takes the first with a live
 * session.
 */
export function loadFromCookie(definition: ResolvedDefinition, header: CookieHeader, cutoffs: Cutoffs): Loaded {
  let refused: Loaded = NOTHING
  let candidate = definition.cookie.first(header)
  while (candidate !== undefined) {
    const loaded = loadSealed(definition, candidate.value, cutoffs)
    if (loaded.problem === undefined) return loaded
    if (refused === NOTHING) refused = loaded
    candidate = definition.cookie.next(candidate)
  }
  return refused
}

function loadSealed(definition: ResolvedDefinition, value: string, cutoffs: Cutoffs): Loaded {
  const opened = open(definition.sealedRecords, value)
  if (opened.problem !== undefined) return { problem: opened.problem, refusal: { value } }
  const { text, content: record, isStale, cachedValue } = opened
  if (record.e === undefined) return { problem: 'malformed', refusal: { value } }
  const problem = endedBy(record.c, record.e, definition.absolute, cutoffs)
  if (problem !== undefined) {
    return { problem, refusal: { value, subject: record.s, end: endOf(record.c, record.e, definition.absolute) } }
  }
  const came = { value, at: cutoffs.now }
  return { origin: { text, record, expires: record.e, cachedValue, came }, isStale }
}

/** An opened cookie that names a record. */
export interface OpenedTicket {
  readonly definition: ResolvedDefinition
  readonly ticket: Ticket
  readonly isStale: boolean
  readonly candidate: Candidate
  /** Why the cookies before this one were refused, to report if this one gives no session either. */
  readonly earlier: Refused | undefined
  readonly problem?: undefined
}

interface Refused {
  readonly problem: Problem
  readonly refusal: Refusal
}

type Unopened = Refused & { readonly ticket?: undefined }

/**
 * Opens the cookie of a session on a record store: the first cookie with its name whose dates are valid. `undefined` if
 * none came.
 */
export function openTicket(
  definition: ResolvedDefinition,
  header: CookieHeader,
  cutoffs: Cutoffs
): OpenedTicket | Unopened | undefined {
  const first = definition.cookie.first(header)
  return first && openFrom(definition, first, cutoffs)
}

function openFrom(definition: ResolvedDefinition, first: Candidate, cutoffs: Cutoffs): OpenedTicket | Unopened {
  let earlier: Refused | undefined
  let candidate: Candidate | undefined = first
  while (candidate !== undefined) {
    const { value } = candidate
    const opened = open(definition.sealedTickets, value)
    const problem =
      opened.problem ?? endedBy(opened.content.createdAt, opened.content.expires, definition.absolute, cutoffs)
    if (opened.problem === undefined && problem === undefined) {
      return { definition, ticket: opened.content, isStale: opened.isStale, candidate, earlier }
    }
    earlier ??= { problem: problem as Problem, refusal: refusalOf(definition, value, opened) }
    candidate = definition.cookie.next(candidate)
  }
  return earlier as Refused
}

function refusalOf({ absolute }: ResolvedDefinition, value: string, opened: OpenedValue<Ticket>): Refusal {
  if (opened.problem !== undefined) return { value }
  const { id, createdAt, expires } = opened.content
  return { value, id, createdAt, end: endOf(createdAt, expires, absolute) }
}

function refusalAt({ candidate, ticket }: OpenedTicket, subject?: string): Refusal {
  return { value: candidate.value, id: ticket.id, subject, createdAt: ticket.createdAt }
}

/**
 * Reads the record that a ticket names. If the session has ended, it tries the next cookie of that name, because a
 * cookie of an ended session may stand before that of a live one: that a cookie opens does not mean that it is
 * accepted.
 */
export function* loadRecord(named: OpenedTicket, cutoffs: Cutoffs): Job<Loaded> {
  const { definition, ticket, isStale } = named
  // The read is yielded directly, because a nested generator costs time at each step, and most requests end here.
  const stored = (yield { kind: 'read', id: ticket.id }) as StoredRecord | undefined
  if (stored !== undefined && isLonger(stored.text, definition.maxBytes)) {
    const unread = unreadAs(ticket, stored)
    return yield* loadNext(named, cutoffs, { problem: 'too-large', refusal: refusalAt(named), unread })
  }
  const origin = originOf(definition, ticket.id, stored, ticket)
  if (origin === undefined) return yield* loadNext(named, cutoffs, { problem: 'gone', refusal: refusalAt(named) })
  const { c, n: retired, s: subject } = origin.record
  const problem = endedBy(c, origin.expires, definition.absolute, cutoffs)
  if (problem !== undefined) {
    const end = endOf(c, origin.expires, definition.absolute)
    return yield* loadNext(named, cutoffs, { problem, refusal: { ...refusalAt(named, subject), end } })
  }
  const { value } = named.candidate
  if (retired === undefined) return { origin, isStale, value }
  if (retired[1] <= cutoffs.now) {
    return yield* loadNext(named, cutoffs, { problem: 'retired', refusal: refusalAt(named, subject) })
  }
  // A request with the old id reads what the record held when it was replaced, and nothing that the session gained
  // after that: an attacker who planted the old id must not get the rights of a sign-in. Once the new session has
  // ended, the old id gives nothing either.
  if ((yield* follow(definition, origin)) === undefined) {
    return yield* loadNext(named, cutoffs, { problem: 'gone', refusal: refusalAt(named, subject) })
  }
  return yield* loadNext(named, cutoffs, { origin: withoutTicket(origin), value })
}

/** Reads the record of an id, for a caller without its cookie. `undefined` if it is not a live session. */
export function* loadById(definition: ResolvedDefinition, id: string, cutoffs: Cutoffs): Job<Loaded | undefined> {
  const origin = originOf(definition, id, yield* readFresh(id), undefined)
  if (origin === undefined || origin.record.n !== undefined || isAnothers(definition, origin)) return undefined
  const end = endedBy(origin.record.c, origin.expires, definition.absolute, cutoffs)
  return end === undefined ? { origin } : undefined
}

/**
 * Whether the record belongs to another session. A record only holds its session's name if several sessions share the
 * store.
 */
function isAnothers({ name }: ResolvedDefinition, { record: { d } }: Origin): boolean {
  return d !== undefined && d !== name
}

/**
 * Loads the next cookie of the same name. Returns its session if that is live, or at least readable while `otherwise`
 * has none; else `otherwise`.
 */
function* loadNext({ definition, candidate, earlier }: OpenedTicket, cutoffs: Cutoffs, otherwise: Loaded): Job<Loaded> {
  const next = definition.cookie.next(candidate)
  const opened = next && openFrom(definition, next, cutoffs)
  const loaded = opened?.ticket === undefined ? NOTHING : yield* loadRecord(opened, cutoffs)
  const isLive = loaded.origin !== undefined && loaded.origin.record.n === undefined
  if (isLive || (otherwise.origin === undefined && loaded.origin !== undefined)) return loaded
  return otherwise.origin === undefined ? { ...otherwise, ...earlier } : otherwise
}

/** Returns the origin of a record that is not parsed, which is enough to end the session. */
function unreadAs(ticket: Ticket, { version, expires }: StoredRecord): Origin {
  return { text: '', record: { c: ticket.createdAt }, expires, location: { id: ticket.id, version, ticket } }
}

const NOTHING: Loaded = Object.freeze({})

const LEVELS: Readonly<Partial<Record<Problem, 'warn' | 'info'>>> = {
  retired: 'warn',
  'bad-seal': 'warn',
  store: 'warn'
}

/** Logs why a cookie gave no session, as a warning if it may be an attack. */
export function logProblem(log: FastifyBaseLogger, session: string, problem: Problem | undefined): void {
  if (problem === undefined) return
  log[LEVELS[problem] ?? 'info']({ session, problem }, `a session cookie gave no session: ${problem}`)
}

function open<T>(values: Sealing<T>, value: string): OpenedValue<T> {
  return value.length > MAX_VALUE_BYTES ? TOO_LARGE : values.open(value)
}

const TOO_LARGE = { problem: 'too-large' } as const
