import type { Version } from '../../types/store.js'
import { ConflictError, ReplacedError } from '../errors.js'
import { followNewest, pointer, type Trail, ticketTo } from '../load/successor.js'
import { formatRecord, parseRecord, type SessionRecord } from '../records/record.js'
import { create, type Job, pause, removeAll, update } from '../records/rounds.js'
import { backoff } from '../records/subject-index.js'
import { idOf, MAX_ATTEMPTS, newTicket, type Outcome, versionOf, writtenAs } from '../session/origin.js'
import type { Encoded, Source } from '../session/source.js'
import type { SessionState } from '../session/state.js'
import { change, contend } from './contend.js'

/** How long a replaced id is remembered after its grace, so that its use can be told from that of an unknown one. */
const RETIRED_MS = 60 * 60 * 1000

/**
 * Writes the data under a new id and then makes the old record point there; between the two, requests with the old id
 * must not find that it leads nowhere.
 * @throws FST_SESSIONS_REPLACED when another request was first, and cut off the id
 */
export function* replace(state: SessionState, old: Source, encoded: Encoded, now: number): Job<Outcome> {
  let source = old
  let next = encoded
  for (let lost = 0; lost < MAX_ATTEMPTS; lost++) {
    if (source.record.n === undefined && (yield* hasSucceeded(state, source, next, now))) return state
    yield* pause(backoff(lost))
    const trail = yield* followNewest(state.definition, source)
    if (trail === undefined) return 'dropped'
    if (trail.last !== undefined && !outranks(state, next, trail))
      return yield* giveWay(state, source, next, trail, now)
    state.rebase(source, trail.end)
    source = trail.end
    next = state.encode(now) as Encoded
  }
  throw new ConflictError(MAX_ATTEMPTS)
}

/** Whether the record of `source` was still that, and points to the new one now. */
function* hasSucceeded(state: SessionState, source: Source, next: Encoded, now: number): Job<boolean> {
  const { definition, secret, createdAt } = state
  const id = state.id as string
  const version = yield* create(id, next.text, next.expires)
  if (version === undefined) throw new Error(`the store has a record under the new id ${id} already`)
  if (yield* retire(state, source, next, now)) {
    state.settle(writtenAs(definition, { id, ticket: newTicket(secret, id, createdAt) }, next, version))
    return true
  }
  yield* removeAll([id])
  return false
}

function* retire(state: SessionState, source: Source, next: Encoded, now: number): Job<Version | undefined> {
  const until = now + state.definition.grace
  const n = pointer(state.definition, source, state.secret, until, state.cut(next))
  const text = formatRecord({ ...(parseRecord(source.text) as SessionRecord), n })
  return yield* update(idOf(source), text, Math.min(source.expires, until + RETIRED_MS), versionOf(source))
}

/**
 * A sign-in does not follow another request that gave the session a new id without one: whoever sent that may have
 * planted the old id, and holds the new one. It replaces that, too.
 */
function outranks(state: SessionState, next: Encoded, { cut }: Trail): boolean {
  return cut === undefined && state.cut(next) !== undefined
}

/** Another request has given the session its new id: a browser keeps one session, whichever answer comes last. */
function* giveWay(state: SessionState, source: Source, next: Encoded, trail: Trail, now: number): Job<Outcome> {
  if (trail.cut === undefined) {
    // Who merely held the old id is never given the cookie of the new one. That is in the other request's answer.
    const kept = state.keepId(source)
    return yield* contend(state, kept, now)
  }
  const { definition } = state
  const ticket = trail.cut === 'user' && state.hasSignedInAs(next, trail.end) ? ticketTo(definition, trail) : undefined
  if (ticket === undefined) throw new ReplacedError(definition.name)
  const joined = state.join(source, trail.end, ticket)
  return yield* change(state, joined, state.encode(now) as Encoded, now)
}
