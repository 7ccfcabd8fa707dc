import type { FastifyRequest } from 'fastify'
import { ConfigError } from './errors.js'

/** What routes say in `config.sessions` of what is to be read before their handlers. */
export class RouteSessions {
  readonly #told: { readonly route: string; readonly sessions: unknown }[] = []
  readonly #checked = new WeakSet<readonly string[]>()
  #names: readonly string[] = []
  #mayBeTold: boolean

  /** @param hasEarlier whether there are routes that are older than the plugin, of which it is not told */
  constructor(hasEarlier: boolean) {
    this.#mayBeTold = hasEarlier
  }

  /** Checked when all sessions are known. */
  add(method: string, url: string, sessions: unknown): void {
    this.#mayBeTold ||= sessions !== undefined
    if (sessions !== undefined && sessions !== false) this.#told.push({ route: `${method} ${url}`, sessions })
  }

  /** @throws FST_SESSIONS_CONFIG when a route names what there is not. */
  check(names: readonly string[]): void {
    this.#names = names
    for (const { route, sessions } of this.#told) this.#check(route, sessions)
  }

  /** `undefined`: the route says nothing. @throws FST_SESSIONS_CONFIG for a route that could not be checked at start. */
  of(request: FastifyRequest): readonly string[] | false | undefined {
    // Fastify makes an object of twelve members each time that it is asked for a route's options.
    if (!this.#mayBeTold) return undefined
    const sessions: readonly string[] | false | undefined = request.routeOptions.config.sessions
    if (sessions === undefined || sessions === false || this.#checked.has(sessions)) return sessions
    return this.#check(`${request.method} ${request.routeOptions.url}`, sessions)
  }

  #check(route: string, sessions: unknown): readonly string[] {
    if (!Array.isArray(sessions)) {
      throw new ConfigError(`route "${route}": config.sessions: expected false or an array of names`)
    }
    const other = sessions.find((name) => !this.#names.includes(name))
    if (other !== undefined) {
      const known = this.#names.join(', ')
      throw new ConfigError(`route "${route}": config.sessions: no session "${other}"; there are ${known}`)
    }
    this.#checked.add(sessions)
    return sessions
  }
}
