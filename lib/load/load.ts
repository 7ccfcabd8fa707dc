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
  /** What ends before this has expired; in ms since the epoch. */
  readonly now: number
  /** What was created before this, or at this time, was cleared; in ms since the epoch. */
  readonly clearedAt: number
}

/** Opens the cookie of a session on the cookie store: of several of its name, the first whose session is live. */
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

/** A cookie that names a record. */
export interface OpenedTicket {
  readonly definition: ResolvedDefinition
  readonly ticket: Ticket
  readonly isStale: boolean
  readonly candidate: Candidate
  /** What is to be said of the cookies before it, if its session can't be had either. */
  readonly earlier: Refused | undefined
  readonly problem?: undefined
}

interface Refused {
  readonly problem: Problem
  readonly refusal: Refusal
}

type Unopened = Refused & { readonly ticket?: undefined }

/** Opens the cookie of a session on a record store: the first of its name whose dates are good; `undefined` if none came. */
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
 * Reads the record that a ticket names. A cookie whose session has ended may stand before one whose session lives, so the
 * next is tried: to open a cookie is not to accept it.
 */
export function* loadRecord(named: OpenedTicket, cutoffs: Cutoffs): Job<Loaded> {
  const { definition, ticket, isStale } = named
  // Not by `readSource`: a generator within another is paid again at each step, and most requests go here.
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
  // A request with the old id reads what the record held when it was replaced, and nothing that the new id has gained
  // since: an attacker who planted the old id must not get the rights of a sign-in. When the new session has ended, the
  // old id gives nothing any more.
  if ((yield* follow(definition, origin)) === undefined) {
    return yield* loadNext(named, cutoffs, { problem: 'gone', refusal: refusalAt(named, subject) })
  }
  return yield* loadNext(named, cutoffs, { origin: withoutTicket(origin), value })
}

/** Reads the record of an id, for somebody who has no cookie of it; `undefined` if that is no live session. */
export function* loadById(definition: ResolvedDefinition, id: string, cutoffs: Cutoffs): Job<Loaded | undefined> {
  const origin = originOf(definition, id, yield* readFresh(id), undefined)
  if (origin === undefined || origin.record.n !== undefined || isAnothers(definition, origin)) return undefined
  const end = endedBy(origin.record.c, origin.expires, definition.absolute, cutoffs)
  return end === undefined ? { origin } : undefined
}

/** Records that are the only ones of their store do not tell. */
function isAnothers({ name }: ResolvedDefinition, { record: { d } }: Origin): boolean {
  return d !== undefined && d !== name
}

/** Loads the next cookie of the name; gives that or `otherwise`, whichever is better: live, or at least a session. */
function* loadNext({ definition, candidate, earlier }: OpenedTicket, cutoffs: Cutoffs, otherwise: Loaded): Job<Loaded> {
  const next = definition.cookie.next(candidate)
  const opened = next && openFrom(definition, next, cutoffs)
  const loaded = opened?.ticket === undefined ? NOTHING : yield* loadRecord(opened, cutoffs)
  const isLive = loaded.origin !== undefined && loaded.origin.record.n === undefined
  if (isLive || (otherwise.origin === undefined && loaded.origin !== undefined)) return loaded
  return otherwise.origin === undefined ? { ...otherwise, ...earlier } : otherwise
}

/** The origin of a record that is not parsed: enough to end it. */
function unreadAs(ticket: Ticket, { version, expires }: StoredRecord): Origin {
  return { text: '', record: { c: ticket.createdAt }, expires, location: { id: ticket.id, version, ticket } }
}

const NOTHING: Loaded = Object.freeze({})

const LEVELS: Readonly<Partial<Record<Problem, 'warn' | 'info'>>> = {
  retired: 'warn',
  'bad-seal': 'warn',
  store: 'warn'
}

/** Says why a cookie gave no session; where it hints at an attack, as a warning. */
export function logProblem(log: FastifyBaseLogger, session: string, problem: Problem | undefined): void {
  if (problem === undefined || problem === 'schema' || problem === 'newer') return
  log[LEVELS[problem] ?? 'info']({ session, problem }, `a session cookie gave no session: ${problem}`)
}

function open<T>(values: Sealing<T>, value: string): OpenedValue<T> {
  return value.length > MAX_VALUE_BYTES ? TOO_LARGE : values.open(value)
}

const TOO_LARGE = { problem: 'too-large' } as const
