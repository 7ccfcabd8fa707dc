import type { FastifyRequest } from 'fastify'
import type { Awaitable } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { load } from '../events/channels.js'
import { codeOf, faultIn, requestIn } from '../events/shown.js'
import { traced } from '../events/traced.js'
import { keyIdIn } from '../seal/sealer.js'
import type { Loaded, Origin } from '../session/origin.js'

/*
 * Events about loading sessions. If nobody listens, no event is created and no clock is read.
 */

/** Starts recording a load that begins now; `undefined` if nobody listens. */
export function listen({ events }: ResolvedDefinition, request: FastifyRequest): LoadTelling | undefined {
  return events.app.areLoadsHeard(request.log) ? new LoadTelling(request) : undefined
}

/** One load of one request, with all sessions that it loads together. */
export class LoadTelling {
  readonly #request: FastifyRequest
  readonly #since = performance.now()

  constructor(request: FastifyRequest) {
    this.#request = request
  }

  /** How long the load has taken so far, in ms. */
  get duration(): number {
    return performance.now() - this.#since
  }

  /** Publishes that a session was loaded, or why it was not. Publishes nothing if no cookie came. */
  tell(definition: ResolvedDefinition, loaded: Loaded): void {
    if (loaded.origin !== undefined) this.#tellLoaded(definition, loaded.origin, loaded)
    else if (loaded.problem !== undefined) tellRefused(definition, this.#request, loaded)
  }

  #tellLoaded({ events }: ResolvedDefinition, { location, record, came }: Origin, loaded: Loaded): void {
    if (!events.isHeard('loaded', this.#request.log)) return
    const { value = came?.value, isStale = false } = loaded
    events.tell('loaded', this.#request.log, {
      id: location?.id,
      subject: record.s,
      request: requestIn(this.#request),
      duration: this.duration,
      key: value === undefined ? undefined : keyIdIn(value),
      isStale,
      version: location?.version
    })
  }

  /** Runs the reads at one store as one traced trip. */
  trip<T extends PromiseSettledResult<unknown> | readonly PromiseSettledResult<unknown>[]>(
    definitions: readonly ResolvedDefinition[],
    read: () => Awaitable<T>
  ): Awaitable<T> {
    if (!load.hasSubscribers) return read()
    const { app, store } = (definitions[0] as ResolvedDefinition).events
    const names = definitions.map(({ name }) => name)
    const trip = { sessions: app.sessions, store, names, request: requestIn(this.#request), isAsync: false }
    return traced(load, trip, read, (results) => faultIn(store, [results].flat()))
  }
}

/**
 * Publishes why a cookie gave no session. A payload that does not fit the schema is reported by the state that decodes
 * it.
 */
export function tellRefused({ events }: ResolvedDefinition, request: FastifyRequest, loaded: Loaded): void {
  const { problem = 'gone', refusal } = loaded
  const about = { id: refusal?.id, subject: refusal?.subject, request: requestIn(request) }
  if (problem === 'expired') {
    const { by = 'absolute', at = Date.now() } = refusal?.end ?? {}
    events.tell('expired', request.log, { ...about, by, expiredAt: at })
  } else {
    const key = refusal && keyIdIn(refusal.value)
    events.tell('refused', request.log, { ...about, problem, key, during: 'load', createdAt: refusal?.createdAt })
  }
}

/** Publishes that a store failed. @param duration of the load in ms; 0 if it is unknown */
export function tellFailed(
  { events }: ResolvedDefinition,
  request: FastifyRequest,
  error: unknown,
  duration: number
): void {
  const about = { id: undefined, request: requestIn(request), duration }
  events.tell('failed', request.log, { ...about, operation: 'load', code: codeOf(error) })
}
