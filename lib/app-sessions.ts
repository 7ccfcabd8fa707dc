import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { Definition, Key, SessionsOptions } from '../types/options.js'
import type { Sessions, SubjectSession, Which } from '../types/register.js'
import type { RecordStore, Store } from '../types/store.js'
import { ConfigError } from './errors.js'
import type { KeyRing } from './keys.js'
import { ClearMarker } from './marker.js'
import type { Entry, Registry } from './registry.js'
import type { RequestSessions } from './request.js'
import { runJob } from './rounds.js'
import { list, revoke } from './subjects.js'
import { Sweeper } from './sweeper.js'

/** `app.sessions`, and what lives as long as the app does. */
export class AppSessions implements Sessions {
  readonly #ring: KeyRing
  readonly #registry: Registry
  readonly #options: SessionsOptions
  readonly #log: FastifyBaseLogger
  readonly #sweeper: Sweeper
  #marker = new ClearMarker(undefined, 0, 0)
  /** Whether anything is ever to be read before a handler: not where all sessions are in cookies. */
  #mayRead = false
  /** What is read before handlers: sessions on record stores that are not loaded by hand. */
  #preloaded: readonly Entry[] = []

  constructor(ring: KeyRing, registry: Registry, options: SessionsOptions, log: FastifyBaseLogger) {
    this.#ring = ring
    this.#registry = registry
    this.#options = options
    this.#log = log
    this.#sweeper = new Sweeper(options.sweepInterval ?? 600, log)
  }

  get marker(): ClearMarker {
    return this.#marker
  }

  define(name: string, definition: Definition): void {
    this.#registry.define(name, definition)
  }

  addStore(name: string, store: Store): void {
    this.#registry.addStore(name, store)
  }

  rotate(keys: readonly (Key | undefined)[]): void {
    this.#ring.replace(keys)
  }

  async of(subject: string): Promise<readonly SubjectSession[]> {
    const entries = new Map(this.#registry.entries.map((entry) => [entry.name, entry]))
    const lists = await Promise.all(
      this.#usedStores().map((store) => runJob(store, list(subject, entries, this.#marker.clearedAt)))
    )
    return lists.flat().sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
  }

  async revoke(subject: string, which?: Which): Promise<number> {
    const chosen = chooser(which)
    const counts = await Promise.all(this.#usedStores().map((store) => runJob(store, revoke(subject, chosen))))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  async clear(): Promise<void> {
    const now = Date.now()
    await this.#marker.set(now)
    await Promise.all(this.#registry.recordStores.map((store) => store.clear?.()))
    // The marker may be kept in a store that has just been cleared.
    await this.#marker.set(now)
  }

  async start(): Promise<void> {
    this.#registry.seal()
    const { entries, recordStores } = this.#registry
    this.#marker = this.#markerFor(entries)
    this.#preloaded = entries.filter(({ store, isManual }) => store !== undefined && !isManual)
    this.#mayRead = this.#preloaded.length > 0 || this.#options.clearMarker !== undefined
    await Promise.all(recordStores.map((store) => store.setup?.()))
    this.#tellLimits()
    this.#sweeper.start(recordStores)
  }

  async stop(): Promise<void> {
    await this.#sweeper.stop()
    await Promise.all(this.#registry.recordStores.map((store) => store.close?.()))
  }

  /** Reads what the request's cookies name; `undefined` when there is nothing to read, which is told in no time. */
  preload(request: FastifyRequest, sessionsOf: () => RequestSessions): Promise<unknown> | undefined {
    const header = request.raw.headers.cookie
    if (header === undefined || !this.#mayRead) return undefined
    if (this.#marker.isDue(Date.now())) return this.#preloadAfterMarker(request, header, sessionsOf)
    const entries = this.#wanted(request, header)
    return entries.length === 0 ? undefined : sessionsOf().preload(entries)
  }

  async #preloadAfterMarker(request: FastifyRequest, header: string, sessionsOf: () => RequestSessions): Promise<void> {
    try {
      await this.#marker.ask(Date.now())
    } catch (error) {
      // Without the marker nobody knows whether a sealed cookie is still good.
      return sessionsOf().fail(this.#registry.entries, error)
    }
    const entries = this.#wanted(request, header)
    if (entries.length > 0) await sessionsOf().preload(entries)
  }

  #wanted(request: FastifyRequest, header: string): readonly Entry[] {
    const present = this.#preloaded.filter(({ cookie }) => cookie.isIn(header))
    if (present.length === 0) return present
    const sessions: readonly string[] | false | undefined = request.routeOptions.config.sessions
    if (sessions === undefined) return present
    return sessions === false ? [] : present.filter(({ name }) => sessions.includes(name))
  }

  #markerFor(entries: readonly Entry[]): ClearMarker {
    const { clearMarker } = this.#options
    if (clearMarker === undefined) return this.#marker
    const { store, refresh = 1 } = clearMarker
    if (!(refresh >= 0)) throw new ConfigError(`clearMarker: refresh: expected seconds, at least 0, got ${refresh}`)
    const lifetime = Math.max(...entries.map(({ absolute }) => absolute))
    return new ClearMarker(this.#registry.recordStore(store, 'clearMarker'), refresh * 1000, lifetime)
  }

  /** What a store can't promise, nobody should learn from lost sessions. */
  #tellLimits(): void {
    for (const [name, { capabilities }] of this.#registry.namedRecordStores) {
      if (capabilities === undefined) continue
      const { note = 'requests to several processes can overwrite one another' } = capabilities
      this.#log.warn({ store: name }, `session store "${name}": ${note}`)
    }
  }

  #usedStores(): readonly RecordStore[] {
    return [...new Set(this.#registry.entries.flatMap(({ store }) => store ?? []))]
  }
}

function chooser(which: Which | undefined): (id: string) => boolean {
  if (which === undefined) return () => true
  const named = 'except' in which ? which.except : which.only
  const id = typeof named === 'string' ? named : named.id
  return 'except' in which ? (other) => other !== id : (other) => other === id
}
