import type { WriteResult } from '../../types/store.js'
import { ConflictError, ReplacedError } from '../errors.js'
import { followNewest } from '../load/successor.js'
import { type Job, pause } from '../records/rounds.js'
import { backoff } from '../records/subject-index.js'
import type { Encoded, Location, Origin } from '../session/origin.js'
import { idOf } from '../session/origin.js'
import type { SessionState } from '../session/state.js'
import { writtenOrigin } from '../session/stored-origin.js'
import { hasReplaced, MAX_ATTEMPTS, type Outcome, updateOf } from './outcome.js'

/**
 * Replaces the record by compare-and-set. Most writers have no rival, so they succeed at the first attempt.
 * @throws what `contend` throws
 */
export function* change(state: SessionState, from: Origin, encoded: Encoded, now: number): Job<Outcome> {
  const attempt = updateOf(from, encoded)
  // A nested generator costs time at each step, so the first attempt is made here: most requests need no other.
  if (attempt !== undefined && hasReplaced(state, from, encoded, (yield attempt) as WriteResult)) return state
  return yield* contend(state, from, now)
}

/**
 * Saves after a lost race: replays this request's changes on the record that the other request stored, until the
 * compare-and-set succeeds.
 * @throws FST_SESSIONS_REPLACED when the id was cut off from its successor. FST_SESSIONS_CONFLICT after too many lost
 * races.
 */
export function* contend(state: SessionState, from: Origin, now: number): Job<Outcome> {
  let writer = state
  let own: Origin | undefined
  let origin = from
  for (let lost = 1; lost < MAX_ATTEMPTS; lost++) {
    yield* pause(backoff(lost - 1))
    const trail = yield* followNewest(state.definition, origin)
    if (trail === undefined) return 'dropped'
    if (trail.cut !== undefined) throw new ReplacedError(state.definition.name)
    const { end } = trail
    if (writer === state && idOf(end) !== idOf(origin)) {
      own = ownOf(state, origin, end, now)
      writer = state.fork()
    }
    writer.rebase(origin, end)
    origin = end
    const next = writer.encode(now) as Encoded
    const attempt = updateOf(origin, next)
    if (attempt !== undefined && hasReplaced(writer, origin, next, (yield attempt) as WriteResult)) {
      if (own !== undefined) state.markSaved(own)
      return writer
    }
  }
  throw new ConflictError(MAX_ATTEMPTS)
}

/**
 * Returns the record with which a request that came with a replaced id goes on. It keeps reading what the replaced
 * record held, also after its save, and gets no cookie of the session to which its changes were saved.
 */
function ownOf(state: SessionState, origin: Origin, successor: Origin, now: number): Origin {
  const encoded = state.encode(now) as Encoded
  const [, until = now] = origin.record.n ?? []
  const record = { ...encoded.record, n: [idOf(successor), until] as const }
  const { id, version } = origin.location as Location
  return writtenOrigin(state.definition, { id, ticket: undefined }, { ...encoded, record, isExact: false }, version)
}
