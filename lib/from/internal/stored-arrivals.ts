import { hash } from 'node:crypto'
import type { ResolvedDefinition } from '../../definition/definition.js'
import { follow } from '../../load/successor.js'
import { formatRecord } from '../../records/record.js'
import { create, type Job, readAllFresh, removeAll } from '../../records/rounds.js'
import { newSecret, newTicket, storeId, type Ticket } from '../../records/ticket.js'
import { isArrivedEntered } from '../../save/limits.js'
import type { Outcome } from '../../save/outcome.js'
import { save } from '../../save/save.js'
import { enter, leave } from '../../save/subject-changes.js'
import { endedBy } from '../../session/lifetime.js'
import { idOf, type Loaded, type Origin, withoutTicket, withTicket } from '../../session/origin.js'
import { SessionState } from '../../session/state.js'
import { originOf, readOrigin, writtenOrigin } from '../../session/stored-origin.js'
import type { NewRecord } from './mapping.js'

/**
 * An old session becomes a record whose id is derived from the old session. So when two requests come with the same old
 * cookie at the same time, both find the same record, and the second one replays its changes on the data that the first
 * one stored. A receipt is kept beside the record for as long as the old cookie could be valid. When the record has
 * ended (by a sign-out, by being revoked or replaced, or by its lifetime), the receipt keeps the old cookie from
 * bringing it back.
 */

/** Where an old session is stored once it is a session of this plugin. */
export interface Berth {
  readonly ticket: Ticket
  /** The id of the receipt. `undefined`: the old session can't be told from another one, so it gets no receipt. */
  readonly receipt: string | undefined
  /** Until when the receipt is kept, in ms since the epoch. */
  readonly until: number
}

/**
 * Derives the place of an old session. Someone who knows the old session could compute the secret too, but can't seal a
 * cookie with it.
 */
export function berthFor(
  definition: ResolvedDefinition,
  peer: string,
  identity: string | undefined,
  now: number
): Berth {
  const purpose = JSON.stringify([definition.app ?? null, definition.name, definition.cookie.name, peer, identity])
  const secret = identity === undefined ? newSecret() : derived('arrived', purpose).slice(0, SECRET_LENGTH)
  const receipt = identity === undefined ? undefined : derived('receipt', purpose)
  return { ticket: newTicket(secret, storeId(secret), 0), receipt, until: now + definition.absolute }
}

/** The length of a derived secret: 144 bits, like a random one. */
const SECRET_LENGTH = 24

function derived(what: string, purpose: string): string {
  return hash('sha256', `fastify-sessions from ${what} ${purpose}`, 'base64url')
}

/**
 * Looks up whether an old session has arrived: its record, or the fact that it has ended. `undefined`: it has not
 * arrived yet.
 */
export function* lookUp(
  definition: ResolvedDefinition,
  { ticket, receipt }: Berth,
  clearedAt: number,
  now: number
): Job<Loaded | undefined> {
  const ids = receipt === undefined ? [ticket.id] : [ticket.id, receipt]
  const [stored, written] = yield* readAllFresh(ids)
  const origin = originOf(definition, ticket.id, stored, ticket)
  if (origin === undefined) return written === undefined ? undefined : { problem: 'gone' }
  return yield* lookAt(definition, withTicket(origin, { ...ticket, createdAt: origin.record.c }), clearedAt, now)
}

function* lookAt(definition: ResolvedDefinition, origin: Origin, clearedAt: number, now: number): Job<Loaded> {
  const { c, n: retired } = origin.record
  const problem = endedBy(c, origin.expires, definition.absolute, { now, clearedAt })
  if (problem !== undefined) return { problem }
  if (retired === undefined) return { origin }
  if (retired[1] <= now) return { problem: 'retired' }
  return (yield* follow(definition, origin)) === undefined ? { problem: 'gone' } : { origin: withoutTicket(origin) }
}

/** Returns the origin of a record that is not stored yet. */
export function unstored({ text, record, expires }: NewRecord, { ticket }: Berth): Origin {
  const location = { id: ticket.id, version: UNSTORED, ticket: { ...ticket, createdAt: record.c } }
  return { text, record, expires, location }
}

/** The version of a record that is not stored; no store makes this one. */
const UNSTORED = ''

/** Stores an old session, and then the changes of the request. */
export function* saveArrival(state: SessionState, mapped: Origin, berth: Berth, now: number): Job<Outcome> {
  if (state.clearsCookie) return yield* endArrival(state, mapped, berth, now)
  const stored = yield* arrive(state, mapped, berth, now)
  if (stored === undefined) return 'dropped'
  state.markArrived(mapped, stored)
  if (!state.isChanged && state.replaced === undefined) return state
  return yield* save(state, state.encode(now), now)
}

/**
 * Ends a session that the request signed out before it was stored. The receipt is written first, so that no other
 * request stores the session afterwards.
 */
function* endArrival(state: SessionState, mapped: Origin, berth: Berth, now: number): Job<Outcome> {
  yield* leaveReceipt(berth, now)
  state.destroyInstead(yield* readOrigin(state.definition, idOf(mapped)))
  return yield* save(state, state.isChanged ? state.encode(now) : undefined, now)
}

/** Stores an old session. `undefined`: the session was ended meanwhile. */
function* arrive(state: SessionState, mapped: Origin, berth: Berth, now: number): Job<Origin | undefined> {
  const { definition, log } = state
  const begins = { at: mapped.record.c, isUse: true, clearedAt: state.clearedAt }
  const arrived = new SessionState(definition, log, { origin: mapped }, begins)
  const { subjects } = arrived.content
  if (subjects.length > 0) yield* enter(arrived, subjects, now)
  const id = idOf(mapped)
  const version = yield* create(id, mapped.text, mapped.expires)
  const isFirst = version !== undefined && (yield* leaveReceipt(berth, now))
  if (isFirst && (subjects.length === 0 || (yield* isArrivedEntered(arrived, subjects, now)))) {
    return writtenOrigin(definition, { id, ticket: mapped.location?.ticket }, { ...mapped, isExact: false }, version)
  }
  if (version !== undefined) yield* removeAll([id])
  const other = version === undefined ? yield* joinOther(state, mapped) : undefined
  if (other === undefined && subjects.length > 0) yield* leave(definition, subjects, id)
  return other
}

/** Continues with the record that another request with the same old cookie stored first. */
function* joinOther(state: SessionState, mapped: Origin): Job<Origin | undefined> {
  const other = yield* readOrigin(state.definition, idOf(mapped), mapped.location?.ticket)
  if (other === undefined) return undefined
  state.rebase(mapped, other)
  return other.record.n === undefined ? other : withoutTicket(other)
}

/** Writes the receipt. `false`: there was one already. */
function* leaveReceipt({ receipt, until }: Berth, now: number): Job<boolean> {
  if (receipt === undefined) return true
  return (yield* create(receipt, formatRecord({ c: now, x: true }), Math.max(until, now + SHORTEST))) !== undefined
}

/** The least time for which a receipt is kept, in ms: as long as a request may be under way. */
const SHORTEST = 10 * 60 * 1000
