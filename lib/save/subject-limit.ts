import type { SessionLimit } from '../../types/options.js'
import { ConflictError, LimitError } from '../errors.js'
import { endRecords } from '../records/ending.js'
import { type Job, pause } from '../records/rounds.js'
import { type Count, type Counted, countSessions } from '../records/subject-count.js'
import {
  amendIndex,
  backoff,
  type Index,
  MAX_TRIES,
  placesOf,
  readIndex,
  replaceIndex
} from '../records/subject-index.js'
import type { SessionState } from '../session/state.js'
import { enter, entered, isEntered, keepShort } from './subject-changes.js'
import { tellLimited } from './telling.js'

/*
 * Limits how many sessions a user may have. Both modes rely on the user's index, which every sign-in changes by
 * compare-and-set.
 *
 * `refuse` counts before it enters the session: the live sessions, and the sign-ins under way, which are entered as
 * waiting until their record is written. If another sign-in enters at the same time, the compare-and-set fails, and the
 * next try counts that one too. A sign-in that breaks off loses its place after a while. If it resumes after that, it
 * finds that it is no longer entered.
 *
 * `end-oldest` counts after its record is written, and ends the oldest sessions beyond the limit. All sign-ins agree on
 * the order, which is that of the index, and the last one to write finds the records of all others. So no sign-in ends
 * one of the newest sessions, and some sign-in ends each of the others.
 */

/**
 * How long a sign-in that is under way keeps its place, in ms. It takes a few calls to the store, each with a time-out.
 */
const WAITING_MS = 20_000

/**
 * Enters a session before its record is written.
 * @throws FST_SESSIONS_LIMIT when its user has as many sessions as allowed
 */
export function* enterWithinLimit(state: SessionState, subjects: readonly string[], now: number): Job<void> {
  const [user, ...further] = subjects
  if (state.definition.limit?.then !== 'refuse' || user === undefined || !isSignIn(state, user)) {
    return yield* enter(state, subjects, now)
  }
  yield* admit(state, user, now)
  yield* enter(state, further, now)
}

/** Whether a written session is still listed for all its subjects, and within the limit. */
export function* isEnteredWithinLimit(state: SessionState, subjects: readonly string[], now: number): Job<boolean> {
  const [user, ...further] = subjects as readonly [string, ...string[]]
  switch (state.definition.limit?.then) {
    case 'refuse':
      return (yield* isSettled(state, user)) && (yield* isEntered(state, further))
    case 'end-oldest':
      if (!(yield* isEntered(state, subjects))) return false
      return !isSignIn(state, user) || (yield* endOldest(state, user, now))
    default:
      return yield* isEntered(state, subjects)
  }
}

/**
 * The same for a session that is taken over from another plugin. It is never refused, because nobody should lose it.
 */
export function* isArrivedWithinLimit(state: SessionState, subjects: readonly string[], now: number): Job<boolean> {
  if (!(yield* isEntered(state, subjects))) return false
  return state.definition.limit?.then !== 'end-oldest' || (yield* endOldest(state, subjects[0] as string, now))
}

/** Whether this save is a sign-in. A session that already belonged to the user counts already, whatever id it gets. */
function isSignIn({ content }: SessionState, user: string): boolean {
  return content.subjectBefore !== user
}

/**
 * Enters a sign-in if its user has a place left. A sign-in that broke off, or takes too long, is not counted: it is
 * removed if it has no record, and ended if it has one and its place is needed.
 * @throws FST_SESSIONS_LIMIT, or FST_SESSIONS_CONFLICT after too many lost races
 */
function* admit(state: SessionState, user: string, now: number): Job<void> {
  const { name, app } = state.definition
  const most = mostOf(state)
  const places = placesOf(user, app)
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const { stored, index } = yield* readIndex(places.recent)
    const next = entered(state, index, now + WAITING_MS, now)
    const others = (yield* countSessions(countOf(state, user, now), places, next)).filter(
      ({ ids }) => !ids.has(idOf(state))
    )
    if (others.filter(({ isBroken }) => !isBroken).length >= most) throw new LimitError(name, most)
    const isFull = others.filter((each) => !isGone(each)).length >= most
    const leaving = others.filter((each) => isGone(each) || (isFull && each.isBroken))
    const left = without(next, leaving)
    if ((yield* areEnded(state, user, leaving)) && (yield* replaceIndex(places.recent, stored, left))) {
      return yield* keepShort(places, user, left, now)
    }
    yield* pause(backoff(attempt))
  }
  throw new ConflictError(MAX_TRIES)
}

function isGone({ isBroken, live }: Counted): boolean {
  return isBroken && live.length === 0
}

/**
 * Ends the waiting of a sign-in whose record is written. Returns whether it still has its place, which may have been
 * given to another sign-in meanwhile, or revoked.
 */
function* isSettled(state: SessionState, user: string): Job<boolean> {
  const id = idOf(state)
  const { recent } = placesOf(user, state.definition.app)
  const index = yield* amendIndex(recent, (present) => {
    const listing = present.get(id)
    return listing === undefined || listing.waitsUntil === 0 || listing.isLeaving
      ? present
      : new Map(present).set(id, { ...listing, waitsUntil: 0 })
  })
  return index.get(id)?.isLeaving === false || (yield* isEntered(state, [user]))
}

/**
 * Ends the user's oldest sessions beyond the limit. Returns whether the session itself is not one of them.
 * @throws FST_SESSIONS_CONFLICT after too many lost races
 */
function* endOldest(state: SessionState, user: string, now: number): Job<boolean> {
  const places = placesOf(user, state.definition.app)
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const { index } = yield* readIndex(places.recent)
    const counted = yield* countSessions(countOf(state, user, now), places, index)
    const oldest = counted.filter(({ live }) => live.length > 0).slice(mostOf(state))
    if (yield* areEnded(state, user, oldest)) return !oldest.some(({ ids }) => ids.has(idOf(state)))
    yield* pause(backoff(attempt))
  }
  throw new ConflictError(MAX_TRIES)
}

/**
 * Ends sessions, and returns whether all were ended. `false`: a parallel request changed one of them first, which may
 * have another id now.
 */
function* areEnded(state: SessionState, user: string, sessions: readonly Counted[]): Job<boolean> {
  const doomed = sessions.flatMap(({ live }) => live)
  const since = performance.now()
  const ended = yield* endRecords(doomed)
  for (const id of ended) tellLimited(state, user, id, since)
  return ended.length === doomed.length
}

function without(index: Index, sessions: readonly Counted[]): Index {
  const left = new Map(index)
  for (const { ids } of sessions) for (const id of ids) left.delete(id)
  return left
}

function countOf({ definition, clearedAt }: SessionState, subject: string, now: number): Count {
  return { name: definition.name, subject, clearedAt, now }
}

function mostOf({ definition }: SessionState): number {
  return (definition.limit as SessionLimit).sessions
}

function idOf(state: SessionState): string {
  return state.id as string
}
