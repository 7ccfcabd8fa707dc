import type { FastifyRequest } from 'fastify'
import type { Awaitable } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { channels, load } from '../events/channels.js'
import { codeOf, faultIn, requestIn } from '../events/shown.js'
import { traced } from '../events/traced.js'
import { keyIdIn } from '../seal/sealer.js'
import type { Loaded } from '../session/origin.js'

/*
 * What is told of sessions that are read. Where nobody listens, no event is put together, and no clock is read.
 */

/** When a load began that may have to be told of, by `performance.now()`. */
export function beginning({ events }: ResolvedDefinition, { log }: FastifyRequest): number {
  return events.isHeard('loaded', log) || channels.failed.hasSubscribers ? performance.now() : 0
}

/** Tells that the session is there, or why it is not; nothing where no cookie came. */
export function tellLoad(definition: ResolvedDefinition, request: FastifyRequest, loaded: Loaded, since: number): void {
  if (loaded.origin !== undefined) tellLoaded(definition, request, loaded, since)
  else if (loaded.problem !== undefined) tellRefused(definition, request, loaded)
}

function tellLoaded({ events }: ResolvedDefinition, request: FastifyRequest, loaded: Loaded, since: number): void {
  if (!events.isHeard('loaded', request.log)) return
  const { origin, value = origin?.came?.value, isStale = false } = loaded
  events.tell('loaded', request.log, {
    id: origin?.location?.id,
    subject: origin?.record.s,
    request: requestIn(request),
    duration: since === 0 ? 0 : performance.now() - since,
    key: value === undefined ? undefined : keyIdIn(value),
    isStale,
    version: origin?.location?.version
  })
}

/** That of a schema is told by the state that reads it. */
export function tellRefused({ events }: ResolvedDefinition, request: FastifyRequest, loaded: Loaded): void {
  const { problem = 'gone', refusal } = loaded
  const kind = problem === 'expired' ? 'expired' : 'refused'
  if (!events.isHeard(kind, request.log)) return
  const about = { id: refusal?.id, subject: refusal?.subject, request: requestIn(request) }
  if (problem === 'expired') {
    const { by = 'absolute', at = Date.now() } = refusal?.end ?? {}
    events.tell('expired', request.log, { ...about, by, expiredAt: at })
  } else {
    const key = refusal && keyIdIn(refusal.value)
    events.tell('refused', request.log, { ...about, problem, key, during: 'load', createdAt: refusal?.createdAt })
  }
}

export function tellFailed(
  { events }: ResolvedDefinition,
  request: FastifyRequest,
  error: unknown,
  since: number
): void {
  if (!events.isHeard('failed', request.log)) return
  events.tell('failed', request.log, {
    id: undefined,
    request: requestIn(request),
    duration: since === 0 ? 0 : performance.now() - since,
    operation: 'load',
    code: codeOf(error)
  })
}

/** Reads records of one store as one trip that can be traced. */
export function tracedRead<T extends PromiseSettledResult<unknown> | readonly PromiseSettledResult<unknown>[]>(
  definitions: readonly ResolvedDefinition[],
  request: FastifyRequest,
  read: () => Awaitable<T>
): Awaitable<T> {
  const [first] = definitions
  if (first === undefined || !load.hasSubscribers) return read()
  const { app, store } = first.events
  const names = definitions.map(({ name }) => name)
  const trip = { sessions: app.sessions, store, names, request: requestIn(request) }
  return traced(load, trip, read, (results) => faultIn(store, [results].flat()))
}
