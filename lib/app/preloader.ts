import type { FastifyRequest } from 'fastify'
import type { Awaitable } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import type { Registry } from '../definition/registry.js'
import type { RouteSessions } from '../definition/route-sessions.js'
import { ClearMarker } from '../records/clear-marker.js'
import type { RequestSessions } from '../request/request-sessions.js'

/** Returns the sessions of a request. It creates them at the first call. */
type SessionsOf = (request: FastifyRequest) => RequestSessions

/** Handles requests that come with cookies, whether or not a handler asks for a session. */
export class Preloader {
  readonly #registry: Registry
  readonly #routes: RouteSessions
  #marker = new ClearMarker(undefined, 0, 0)
  /** Whether anything may have to be read before a handler. `false` if all sessions are in cookies. */
  #mayRead = false
  /**
   * The sessions to read before handlers: those on record stores that are not loaded by hand, and those that take over
   * sessions of other plugins.
   */
  #preloaded: readonly ResolvedDefinition[] = []
  /** The sessions with the option `rolling`. */
  #rolling: readonly ResolvedDefinition[] = []

  constructor(registry: Registry, routes: RouteSessions) {
    this.#registry = registry
    this.#routes = routes
  }

  /**
   * Called when the app starts, once all sessions are defined.
   * @param isMarkerStored whether the clear marker is in a store, which has to be asked
   */
  begin(marker: ClearMarker, isMarkerStored: boolean): void {
    const { definitions } = this.#registry
    this.#marker = marker
    this.#rolling = definitions.filter(({ isRolling }) => isRolling)
    this.#preloaded = definitions.filter(({ store, from, isManual }) => (store ?? from) !== undefined && !isManual)
    this.#mayRead = this.#preloaded.length > 0 || isMarkerStored
  }

  /** Reads the records that the request's cookies name. Returns a promise only if a store has to be waited for. */
  preload(request: FastifyRequest, sessionsOf: SessionsOf): Awaitable<unknown> {
    const header = request.raw.headers.cookie
    if (header === undefined || !this.#mayRead) return undefined
    if (this.#marker.isDue()) return this.#preloadAfterMarker(request, header, sessionsOf)
    const definitions = this.#wanted(request, header)
    return definitions.length === 0 ? undefined : sessionsOf(request).preload(definitions)
  }

  async #preloadAfterMarker(request: FastifyRequest, header: string, sessionsOf: SessionsOf): Promise<void> {
    try {
      await this.#marker.ask(Date.now())
    } catch (error) {
      // Without the marker it is unknown whether a sealed cookie is still valid.
      return sessionsOf(request).fail(this.#registry.definitions, error)
    }
    const definitions = this.#wanted(request, header)
    if (definitions.length > 0) await sessionsOf(request).preload(definitions)
  }

  /**
   * Counts a request as use of the `rolling` sessions whose cookies it has, whether or not a handler asked for them.
   */
  roll(request: FastifyRequest, sessionsOf: SessionsOf): void {
    if (this.#rolling.length === 0) return
    const { cookie: header } = request.raw.headers
    if (header === undefined) return
    const present = this.#rolling.filter(({ cookie }) => cookie.isIn(header))
    if (present.length > 0) sessionsOf(request).useAll(present)
  }

  #wanted(request: FastifyRequest, header: string): readonly ResolvedDefinition[] {
    const present: ResolvedDefinition[] = []
    for (const definition of this.#preloaded) {
      if (definition.cookie.isIn(header) || definition.from?.isIn(header)) present.push(definition)
    }
    const sessions = present.length === 0 ? undefined : this.#routes.loadedFor(request)
    if (sessions === undefined) return present
    return sessions === false ? [] : present.filter(({ name }) => sessions.includes(name))
  }
}
