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
 * How many sessions a user may have. Both ways rest on the index of the user, which every sign-in changes by
 * compare-and-set.
 *
 * `refuse` counts before it enters: the sessions that live, and the sign-ins that are under way, which are entered as
 * waiting until their record is written. Whoever enters at the same time makes the compare-and-set fail, and is counted
 * at the next try. A sign-in that broke off gives its place up after a while; should it go on after all, it finds that it
 * is entered no more.
 *
 * `end-oldest` counts after it has written its record, and ends the oldest beyond the limit. All agree on the order, which
 * is that of the index, and whoever writes last finds the records of all others: so none of the newest is ended by anybody,
 * and each of the others by somebody.
 */

/** How long a sign-in that is under way keeps its place, in ms: it takes a few calls of the store, each with a time-out. */
const WAITING_MS = 20_000

/** Enters a session that is about to be written. @throws FST_SESSIONS_LIMIT when its user has as many as may be */
export function* enterWithinLimit(state: SessionState, subjects: readonly string[], now: number): Job<void> {
  const [user, ...further] = subjects
  if (state.definition.limit?.then !== 'refuse' || user === undefined || !isSignIn(state, user)) {
    return yield* enter(state, subjects, now)
  }
  yield* admit(state, user, now)
  yield* enter(state, further, now)
}

/** Whether a session that was written is still entered everywhere, and none too many. */
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

/** The same for a session that comes from another plugin, which nobody is to lose: it is never refused. */
export function* isArrivedWithinLimit(state: SessionState, subjects: readonly string[], now: number): Job<boolean> {
  if (!(yield* isEntered(state, subjects))) return false
  return state.definition.limit?.then !== 'end-oldest' || (yield* endOldest(state, subjects[0] as string, now))
}

/** What has been the user's already counts, whatever id it gets. */
function isSignIn({ content }: SessionState, user: string): boolean {
  return content.subjectBefore !== user
}

/**
 * A sign-in that broke off, or takes too long, is struck out where it has no record, and so is not counted; where it has
 * one, it is ended when its place is needed.
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

/** It waits no more: its place is its own, unless it was given to another meanwhile, or revoked. */
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

/** Whether the session itself is not among those that are ended. */
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

/** `false`: a parallel request was faster with one of them, which may have another id now. */
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
  return definition.limit?.sessions ?? Number.POSITIVE_INFINITY
}

function idOf(state: SessionState): string {
  return state.id as string
}
