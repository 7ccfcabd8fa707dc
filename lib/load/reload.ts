import type { RecordStore } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { StoreError } from '../errors.js'
import { breakerOf } from '../records/circuit-breaker.js'
import { type Job, readFresh, runJob } from '../records/rounds.js'
import { endedBy } from '../session/lifetime.js'
import { type Loaded, type Location, type Origin, withoutTicket } from '../session/origin.js'
import type { SessionState } from '../session/state.js'
import { originOf } from '../session/stored-origin.js'
import type { Cutoffs } from './load.js'
import { follow } from './successor.js'

/**
 * Returns what is stored now for a session that was loaded before, as a request with the same id would find it. Rejects
 * with FST_SESSIONS_STORE when its store failed.
 */
export async function reload(state: SessionState, cutoffs: Cutoffs): Promise<Loaded> {
  const { definition, isDetached, problem } = state
  if (isDetached) return { isDetached, problem }
  const origin = state.origin ?? state.replaced ?? state.toDestroy ?? state.unread
  if (origin === undefined) return {}
  if (origin.location === undefined) return unlessEnded(definition, origin, cutoffs)
  const store = definition.store as RecordStore
  const job = reloadRecord(definition, origin.location, cutoffs)
  try {
    return await breakerOf(store).run(async () => runJob(store, job))
  } catch (cause) {
    throw Object.assign(new StoreError(definition.name, 'it could not be read'), { cause })
  }
}

function* reloadRecord(definition: ResolvedDefinition, { id, ticket }: Location, cutoffs: Cutoffs): Job<Loaded> {
  const origin = originOf(definition, id, yield* readFresh(id), ticket)
  if (origin === undefined) return { problem: 'gone' }
  const { n: retired } = origin.record
  if (retired === undefined) return unlessEnded(definition, origin, cutoffs)
  if (retired[1] <= cutoffs.now) return { problem: 'retired' }
  if ((yield* follow(definition, origin)) === undefined) return { problem: 'gone' }
  return unlessEnded(definition, withoutTicket(origin), cutoffs)
}

function unlessEnded(definition: ResolvedDefinition, origin: Origin, cutoffs: Cutoffs): Loaded {
  const problem = endedBy(origin.record.c, origin.expires, definition.absolute, cutoffs)
  return problem === undefined ? { origin } : { problem }
}
