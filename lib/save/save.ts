import type { ResolvedDefinition } from '../definition/definition.js'
import { ConflictError, ReplacedError } from '../errors.js'
import { formatRecord } from '../records/record.js'
import { create, type Job, pause, readFresh, removeAll, touch, update } from '../records/rounds.js'
import { backoff } from '../records/subject-index.js'
import { subjectsOf } from '../records/subjects.js'
import { newTicket } from '../records/ticket.js'
import type { Encoded, Origin } from '../session/origin.js'
import { idOf, versionOf } from '../session/origin.js'
import type { SessionState } from '../session/state.js'
import { originOf, readOrigin, writtenOrigin } from '../session/stored-origin.js'
import { change } from './contend.js'
import { areAllEntered, enterAll } from './limits.js'
import { MAX_ATTEMPTS, type Outcome } from './outcome.js'
import { replace } from './replace.js'
import { enter, leave } from './subject-changes.js'

/** How long the mark of a destroyed record lasts, in ms, if the process dies before it removes the record. */
const DESTROYED_MS = 60_000

/** Saves the changes of one request to one session on a record store. */
export function save(state: SessionState, encoded: Encoded | undefined, now: number): Job<Outcome> {
  const hasDuties = state.toDestroy !== undefined || state.replaced !== undefined || state.needsIndexing
  return hasDuties || encoded === undefined ? saveWithDuties(state, encoded, now) : write(state, encoded, now)
}

function* saveWithDuties(state: SessionState, encoded: Encoded | undefined, now: number): Job<Outcome> {
  if (state.toDestroy !== undefined) {
    yield* destroy(state.definition, state.toDestroy, now)
    state.markDestroyed()
  }
  if (encoded === undefined) return state
  // A call of `identify()` during this save is left to the next one.
  const { id, needsIndexing } = state
  const { subjects } = state.content
  if (!needsIndexing) return yield* confirmEntered(yield* write(state, encoded, now), subjects, now)
  yield* enterAll(state, subjects, now)
  const written = yield* writeEntered(state, encoded, now)
  // The changes were saved to another session, or to none. The other session is entered before this one leaves, so that
  // its place stays taken where places are limited.
  if (written !== 'dropped' && written !== state) yield* enter(written, subjects, now)
  if (written === 'dropped' || written.id !== id) yield* leave(state.definition, subjects, id as string)
  return yield* confirmEntered(written, subjects, now)
}

function* writeEntered(state: SessionState, encoded: Encoded, now: number): Job<Outcome> {
  const { id } = state
  const { subjects } = state.content
  try {
    return yield* write(state, encoded, now)
  } catch (error) {
    if (error instanceof ReplacedError) yield* leave(state.definition, subjects, id as string)
    throw error
  }
}

/**
 * Checks the subjects of the saved record against their indexes. If one of them was revoked meanwhile, or the session
 * exceeds the limit, the session is ended. If a parallel request named further subjects, they are entered here.
 */
function* confirmEntered(written: Outcome, entered: readonly string[], now: number): Job<Outcome> {
  const record = written === 'dropped' ? undefined : written.origin?.record
  if (written === 'dropped' || record === undefined) return written
  const saved = subjectsOf(record)
  if (saved.length === 0) return written
  const others = saved.filter((subject) => !entered.includes(subject))
  if (others.length > 0) yield* enter(written, others, now)
  if (yield* areAllEntered(written, saved, now)) return written
  yield* removeAll([written.id as string])
  yield* leave(written.definition, saved, written.id as string)
  return 'dropped'
}

/** Moves the end of a session that was used but not changed. */
export function* renew(state: SessionState, now: number): Job<Outcome> {
  const origin = state.origin as Origin
  const expires = state.content.expires(now)
  if (!(yield* touch(idOf(origin), expires))) return 'dropped'
  state.markRenewed(expires)
  return state
}

/**
 * Reads the record again before the cookie of a session that was only read is renewed. If the record was replaced
 * meanwhile, the cookie is not renewed: the browser has the successor's cookie, or is about to get it.
 */
export function* confirm(state: SessionState): Job<Outcome> {
  const origin = state.origin as Origin
  const id = idOf(origin)
  const present = originOf(state.definition, id, yield* readFresh(id), undefined)
  if (present === undefined) return 'dropped'
  if (present.record.n !== undefined) state.markReplaced()
  return state
}

/** Moves the end, then checks whether the cookie may be renewed too. */
export function* renewWithCookie(state: SessionState, now: number): Job<Outcome> {
  const renewed = yield* renew(state, now)
  return renewed === 'dropped' ? renewed : yield* confirm(state)
}

function write(state: SessionState, encoded: Encoded, now: number): Job<Outcome> {
  if (state.replaced !== undefined) return replace(state, state.replaced, encoded, now)
  if (state.origin !== undefined) return change(state, state.origin, encoded, now)
  return insert(state, encoded)
}

function* insert(state: SessionState, encoded: Encoded): Job<Outcome> {
  const id = state.id as string
  const version = yield* create(id, encoded.text, encoded.expires)
  if (version === undefined) throw new Error(`the store has a record under the new id ${id} already`)
  const ticket = newTicket(state.secret, id, state.content.createdAt)
  state.markSaved(writtenOrigin(state.definition, { id, ticket }, encoded, version))
  return state
}

/**
 * Ends a session: first its live record, which is the last in the chain of records that `regenerate()` replaced, then
 * the replaced records. In this order, so that after a crash in between a sign-out that is repeated with an old id
 * still finds the live record.
 *
 * The live record is marked as destroyed by compare-and-set before it is removed. So a parallel `regenerate()` either
 * finds the mark, or was first, and then its new record is ended. A successor that was cut off can't be ended by the
 * old id.
 * @throws FST_SESSIONS_CONFLICT after too many lost races
 */
function* destroy(definition: ResolvedDefinition, toDestroy: Origin, now: number): Job<void> {
  const replaced = new Set<string>()
  let origin: Origin | undefined = toDestroy
  for (let lost = 0; lost < MAX_ATTEMPTS; ) {
    if (origin === undefined || origin.record.n?.[3] !== undefined || replaced.has(idOf(origin))) {
      yield* removeAll([...replaced])
      return
    }
    if (origin.record.n !== undefined) {
      replaced.add(idOf(origin))
      origin = yield* readOrigin(definition, origin.record.n[0])
      continue
    }
    const mark = formatRecord({ c: origin.record.c, x: true })
    const marked = yield* update(idOf(origin), mark, now + DESTROYED_MS, versionOf(origin))
    if (marked !== undefined) {
      yield* removeAll([idOf(origin), ...replaced])
      return
    }
    yield* pause(backoff(lost++))
    origin = yield* readOrigin(definition, idOf(origin))
  }
  throw new ConflictError(MAX_ATTEMPTS)
}
