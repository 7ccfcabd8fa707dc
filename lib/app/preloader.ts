import type { FastifyRequest } from 'fastify'
import type { Awaitable } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import type { Registry } from '../definition/registry.js'
import type { RouteSessions } from '../definition/route-sessions.js'
import { ClearMarker } from '../records/clear-marker.js'
import type { RequestSessions } from '../request/request-sessions.js'

/** Makes them when they are first asked for. */
type SessionsOf = (request: FastifyRequest) => RequestSessions

/** What is done for requests that come with cookies, whether or not a handler asks for a session. */
export class Preloader {
  readonly #registry: Registry
  readonly #routes: RouteSessions
  #marker = new ClearMarker(undefined, 0, 0)
  /** Whether anything is ever to be read before a handler: not where all sessions are in cookies. */
  #mayRead = false
  /** What is read before handlers: sessions on record stores that are not loaded by hand. */
  #preloaded: readonly ResolvedDefinition[] = []
  /** What every request counts as use of. */
  #rolling: readonly ResolvedDefinition[] = []

  constructor(registry: Registry, routes: RouteSessions) {
    this.#registry = registry
    this.#routes = routes
  }

  /**
   * The app starts, with all sessions that there will be.
   * @param isMarkerStored whether the marker is to be asked for at its store
   */
  begin(marker: ClearMarker, isMarkerStored: boolean): void {
    const { definitions } = this.#registry
    this.#marker = marker
    this.#rolling = definitions.filter(({ isRolling }) => isRolling)
    this.#preloaded = definitions.filter(({ store, from, isManual }) => (store ?? from) !== undefined && !isManual)
    this.#mayRead = this.#preloaded.length > 0 || isMarkerStored
  }

  /** Reads what the request's cookies name; what is no promise was done at once. */
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
      // Without the marker nobody knows whether a sealed cookie is still good.
      return sessionsOf(request).fail(this.#registry.definitions, error)
    }
    const definitions = this.#wanted(request, header)
    if (definitions.length > 0) await sessionsOf(request).preload(definitions)
  }

  /** Whoever sends the cookie of such a session uses it, whether or not a handler asked for it. */
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
