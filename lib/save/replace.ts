import type { Version } from '../../types/store.js'
import { ConflictError, ReplacedError } from '../errors.js'
import { followNewest, pointer, type Trail, ticketTo } from '../load/successor.js'
import { type Cut, formatRecord, parseRecord, type SessionRecord } from '../records/record.js'
import { create, type Job, pause, removeAll, update } from '../records/rounds.js'
import { backoff } from '../records/subject-index.js'
import { newTicket } from '../records/ticket.js'
import type { Encoded, Origin } from '../session/origin.js'
import { idOf, versionOf } from '../session/origin.js'
import type { SessionState } from '../session/state.js'
import { writtenOrigin } from '../session/stored-origin.js'
import { change, contend } from './contend.js'
import { MAX_ATTEMPTS, type Outcome } from './outcome.js'

/**
 * How long a replaced record is kept after its grace, in ms, so that using its id can be told from using an unknown id.
 */
const RETIRED_MS = 60 * 60 * 1000

/**
 * Writes the data under the new id, then makes the old record point to it. In this order, because a request with the
 * old id must never find a pointer that leads nowhere.
 * @throws FST_SESSIONS_REPLACED when another request replaced the id first, and cut it off. FST_SESSIONS_CONFLICT after
 * too many lost races.
 */
export function* replace(state: SessionState, old: Origin, encoded: Encoded, now: number): Job<Outcome> {
  let origin = old
  let next = encoded
  for (let lost = 0; lost < MAX_ATTEMPTS; lost++) {
    if (origin.record.n === undefined && (yield* hasSucceeded(state, origin, next, now))) return state
    yield* pause(backoff(lost))
    const trail = yield* followNewest(state.definition, origin)
    if (trail === undefined) return 'dropped'
    if (trail.last !== undefined && !outranks(state, next, trail))
      return yield* giveWay(state, origin, next, trail, now)
    state.rebase(origin, trail.end)
    origin = trail.end
    next = state.encode(now) as Encoded
  }
  throw new ConflictError(MAX_ATTEMPTS)
}

/**
 * Whether the record of `origin` was unchanged, and now points to the new record.
 * @throws when the store has a record under the new id
 */
function* hasSucceeded(state: SessionState, origin: Origin, next: Encoded, now: number): Job<boolean> {
  const { definition, secret, content } = state
  const id = state.id as string
  const version = yield* create(id, next.text, next.expires)
  if (version === undefined) throw new Error(`the store has a record under the new id ${id} already`)
  if (yield* retire(state, origin, next, now)) {
    state.markSaved(writtenOrigin(definition, { id, ticket: newTicket(secret, id, content.createdAt) }, next, version))
    return true
  }
  yield* removeAll([id])
  return false
}

function* retire(state: SessionState, origin: Origin, next: Encoded, now: number): Job<Version | undefined> {
  const until = now + state.definition.grace
  const n = pointer(state.definition, origin, state.secret, until, cutOf(state, next))
  // Data that was cleared together with the new id must not be readable by the old id either.
  const { isCleared } = state.content.values
  const held = isCleared ? { c: origin.record.c } : (parseRecord(origin.text) as SessionRecord)
  const text = formatRecord({ ...held, n })
  return yield* update(idOf(origin), text, Math.min(origin.expires, until + RETIRED_MS), versionOf(origin))
}

/**
 * Whether this sign-in overrides the new id that another request gave the session without a sign-in. Whoever sent that
 * request may have planted the old id, and has the new one: so the sign-in replaces that id too.
 */
function outranks(state: SessionState, next: Encoded, { cut }: Trail): boolean {
  return cut === undefined && cutOf(state, next) !== undefined
}

/**
 * Another request gave the session a new id first. This request joins that session instead of making a second one, so
 * that the browser keeps one session whichever response arrives last.
 * @throws FST_SESSIONS_REPLACED when that request cut off the old id, unless both signed in the same user
 */
function* giveWay(state: SessionState, origin: Origin, next: Encoded, trail: Trail, now: number): Job<Outcome> {
  if (trail.cut === undefined) {
    // This request only proved that it has the old id, so it never gets the new cookie: the response to the other
    // request carries it.
    return yield* contend(state, state.keepId(origin), now)
  }
  const { definition } = state
  const ticket = trail.cut === 'user' && hasSignedInAs(state, next, trail.end) ? ticketTo(definition, trail) : undefined
  if (ticket === undefined) throw new ReplacedError(definition.name)
  const joined = state.join(origin, trail.end, ticket)
  return yield* change(state, joined, state.encode(now) as Encoded, now)
}

/** Whether storing `next` under a new id cuts off the old id, and why. */
function cutOf({ content, hasNewRights }: SessionState, { record }: Encoded): Cut | undefined {
  if (record.s !== content.subjectBefore) return 'user'
  return hasNewRights ? 'rights' : undefined
}

/** Whether this request signed in the user to whom the session `other` belongs. */
function hasSignedInAs(state: SessionState, next: Encoded, { record }: Origin): boolean {
  return record.s !== undefined && record.s === next.record.s && cutOf(state, next) === 'user'
}
