import type { FastifyRequest } from 'fastify'
import { ConfigError } from '../errors.js'
import { isObject, otherOption } from '../util/objects.js'

/** A route's `config.sessions`, checked. */
interface Settings {
  /** The names of the sessions that are read before its handler; `false` for none, `undefined` for all. */
  readonly load: readonly string[] | false | undefined
  /** Whether its requests count as use. */
  readonly touch: boolean
}

/** The settings of all routes in `config.sessions`. */
export class RouteSessions {
  readonly #told: { readonly route: string; readonly sessions: unknown }[] = []
  readonly #checked = new WeakMap<object, Settings>()
  #names: readonly string[] = []
  #mayBeTold: boolean
  #mayNotTouch: boolean

  /** @param hasEarlier whether there are routes that are older than the plugin, which its `onRoute` hook did not see */
  constructor(hasEarlier: boolean) {
    this.#mayBeTold = hasEarlier
    this.#mayNotTouch = hasEarlier
  }

  /** Adds a route's settings. They are checked by `check()`, once all sessions are defined. */
  add(method: string, url: string, sessions: unknown): void {
    if (sessions === undefined) return
    this.#mayBeTold = true
    this.#mayNotTouch ||= isObject(sessions)
    if (sessions !== false) this.#told.push({ route: `${method} ${url}`, sessions })
  }

  /**
   * Checks all routes.
   * @throws FST_SESSIONS_CONFIG when the settings of a route are wrong, or name a session that does not exist
   */
  check(names: readonly string[]): void {
    this.#names = names
    for (const { route, sessions } of this.#told) this.#check(route, sessions)
  }

  /**
   * Returns the names of the sessions to read before the handler: `false` for none, `undefined` for all.
   * @throws FST_SESSIONS_CONFIG for a route that could not be checked at start
   */
  loadedFor(request: FastifyRequest): readonly string[] | false | undefined {
    return this.#mayBeTold ? this.#of(request)?.load : undefined
  }

  /**
   * Whether a request counts as use. HEAD does not: its response is shown to nobody, and programs send it. A prefetch
   * does: a browser sends it for somebody who has a page open, and no further request follows when the page is shown.
   */
  isUse(request: FastifyRequest): boolean {
    if (request.method === 'HEAD') return false
    return !this.#mayNotTouch || this.#of(request)?.touch !== false
  }

  #of(request: FastifyRequest): Settings | undefined {
    // `routeOptions` is read once, because Fastify builds a new object at each access.
    const { config, url } = request.routeOptions
    const { sessions } = config
    if (sessions === undefined) return undefined
    if (sessions === false) return NONE
    return this.#checked.get(sessions) ?? this.#check(`${request.method} ${url}`, sessions)
  }

  #check(route: string, sessions: unknown): Settings {
    const at = `route "${route}": config.sessions`
    const settings = isObject(sessions)
      ? this.#settings(at, sessions)
      : { load: this.#load(at, sessions, 'false, an array of names, or { load, touch }'), touch: true }
    this.#checked.set(sessions as object, settings)
    return settings
  }

  #settings(at: string, sessions: object): Settings {
    const other = otherOption(sessions, ['load', 'touch'])
    if (other !== undefined) throw new ConfigError(`${at}: ${other}`)
    const { load, touch = true } = sessions as { readonly load?: unknown; readonly touch?: unknown }
    if (typeof touch !== 'boolean') throw new ConfigError(`${at}: touch: expected true or false, got ${typeof touch}`)
    const isSaid = load !== undefined && load !== false
    return { load: isSaid ? this.#load(`${at}: load`, load, 'false or an array of names') : load, touch }
  }

  #load(at: string, names: unknown, expected: string): readonly string[] {
    if (!Array.isArray(names)) throw new ConfigError(`${at}: expected ${expected}`)
    const other = names.find((name) => !this.#names.includes(name))
    if (other === undefined) return names
    throw new ConfigError(`${at}: no session "${other}"; there are ${this.#names.join(', ')}`)
  }
}

const NONE: Settings = { load: false, touch: true }
