import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { Why } from '../../types/history.js'
import type { Definition, Key, SessionsOptions, StoreFromApp } from '../../types/options.js'
import type {
  BrowserSessions,
  FromHeaderOptions,
  ListOptions,
  PageWanted,
  SessionFor,
  SessionName,
  SessionPage,
  Sessions,
  SubjectSession,
  Which
} from '../../types/register.js'
import type { RecordStore, Store } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import type { Registry } from '../definition/registry.js'
import type { RouteSessions } from '../definition/route-sessions.js'
import { ConfigError } from '../errors.js'
import { Watches } from '../load/watches.js'
import { MARKER_REFRESH } from '../options/durations.js'
import { watchIntervalOf } from '../options/settings.js'
import { ClearMarker } from '../records/clear-marker.js'
import { runJob } from '../records/rounds.js'
import { Unsaved } from '../request/unsaved.js'
import { loadLimits } from '../save/limits.js'
import type { KeyRing } from '../seal/keys.js'
import { durationFault } from '../util/durations.js'
import type { Past } from './past.js'
import { Preloader } from './preloader.js'
import { pageWanted, recordPage, sessionsIn } from './session-pages.js'
import { tellLimits } from './store-limits.js'
import { StoreSetup } from './store-setup.js'
import { choiceOf, formatCursor, wantedOf } from './subject-choice.js'
import { isNewer, list, type View } from './subject-list.js'
import { revoke } from './subject-revoke.js'
import { Sweeper } from './sweeper.js'
import { AppTelling } from './telling.js'
import { WithoutRequest } from './without-request.js'

const NOTHING_KEPT = 'app.sessions.why(): nothing is kept: add history: 1000 to the options, or { store }'

/** Implements `app.sessions`, and holds the objects that live as long as the app. */
export class AppSessions implements Sessions {
  readonly #ring: KeyRing
  readonly #registry: Registry
  readonly #options: SessionsOptions
  readonly #log: FastifyBaseLogger
  readonly #setup: StoreSetup
  readonly #sweeper: Sweeper
  readonly #withoutRequest: WithoutRequest
  readonly #telling: AppTelling
  readonly #past: Past | undefined
  #marker = new ClearMarker(undefined, 0, 0)
  readonly routes: RouteSessions
  readonly watches: Watches
  readonly preloader: Preloader
  readonly unsaved = new Unsaved()

  constructor(
    ring: KeyRing,
    registry: Registry,
    options: SessionsOptions,
    log: FastifyBaseLogger,
    pluginTimeout: number,
    routes: RouteSessions,
    past: Past | undefined
  ) {
    this.routes = routes
    this.preloader = new Preloader(registry, routes)
    this.#ring = ring
    this.#registry = registry
    this.#options = options
    this.#log = log
    this.#setup = new StoreSetup(pluginTimeout, log)
    this.watches = new Watches(watchIntervalOf(options), () => this.#marker, log)
    this.#telling = new AppTelling(registry.events, log)
    this.#past = past
    this.#sweeper = new Sweeper(options.sweepInterval ?? 600, log, this.#telling)
    this.#withoutRequest = new WithoutRequest(this, registry, log)
    registry.events.begin(this)
  }

  get marker(): ClearMarker {
    return this.#marker
  }

  define(name: string, definition: Definition): void {
    this.#registry.define(name, definition)
  }

  addStore(name: string, store: Store | StoreFromApp): void {
    this.#registry.addStore(name, store)
  }

  rotate(keys: readonly (Key | undefined)[]): void {
    this.#ring.replace(keys)
  }

  of(subject: string, options?: ListOptions): Promise<readonly SubjectSession[]> {
    return this.#told('of', this.#list(subject, options))
  }

  async #list(subject: string, options?: ListOptions): Promise<readonly SubjectSession[]> {
    this.#check('of', subject)
    const { limit, after } = wantedOf(options)
    const found = await Promise.all(
      this.#usedStores().map((store, at) => runJob(store, list(this.#view, subject, { limit, after, store: at })))
    )
    const sorted = found.flat().sort((a, b) => (isNewer(a, b) ? -1 : 1))
    return sorted.slice(0, limit).map((each) => ({ ...each.session, cursor: formatCursor(each) }))
  }

  revoke(subject: string, which?: Which): Promise<number> {
    return this.#told('revoke', this.#revoke(subject, which))
  }

  async #revoke(subject: string, which?: Which): Promise<number> {
    this.#check('revoke', subject)
    const choice = choiceOf(which)
    const counts = await Promise.all(
      this.#usedStores().map((store) => {
        const ended = this.#telling.revocation(this.#registry.stores.nameOf(store), subject)
        return runJob(store, revoke(this.#view, subject, choice, ended))
      })
    )
    void this.watches.look()
    return counts.reduce((sum, count) => sum + count, 0)
  }

  list(options?: PageWanted): Promise<SessionPage> {
    return this.#told('list', this.#listStore(options))
  }

  async #listStore(options?: PageWanted): Promise<SessionPage> {
    this.#checkReady('list')
    const { store: name = this.#onlyStore, limit, after } = pageWanted(options)
    const store = this.#registry.stores.recordStore(name, 'app.sessions.list()')
    const { records, next } = await recordPage(name, store, limit, after)
    const definitions = this.#registry.definitions.filter((definition) => definition.store === store)
    const cutoffs = { now: Date.now(), clearedAt: this.#marker.clearedAt }
    return { sessions: sessionsIn(records, definitions, cutoffs), next }
  }

  /**
   * The name of the app's only record store; `'cookie'` if there is none, which `list()` then refuses.
   * @throws FST_SESSIONS_CONFIG if there are several
   */
  get #onlyStore(): string {
    const [name = 'cookie', ...others] = this.#registry.stores.namedRecordStores.keys()
    if (others.length === 0) return name
    throw new ConfigError(`app.sessions.list(): store: say which one: ${[name, ...others].join(', ')}`)
  }

  why(idOrSubject: string): Promise<Why> {
    return this.#told('why', this.#why(idOrSubject))
  }

  async #why(idOrSubject: string): Promise<Why> {
    this.#check('why', idOrSubject)
    if (this.#past === undefined) throw new ConfigError(NOTHING_KEPT)
    return this.#past.why(idOrSubject, this.#view)
  }

  clear(): Promise<void> {
    return this.#told('clear', this.#clear())
  }

  async #clear(): Promise<void> {
    this.#check('clear')
    const since = performance.now()
    const at = await this.#marker.next(Date.now())
    await this.#marker.set(at)
    await Promise.all(this.#registry.stores.recordStores.map((store) => store.clear?.()))
    // The marker is written again, because it may be in one of the stores that were just cleared.
    await this.#marker.set(at)
    this.#telling.cleared(at, since)
    void this.watches.look()
  }

  fromHeader(cookie: string | undefined, options: FromHeaderOptions = {}): Promise<BrowserSessions> {
    return this.#told('fromHeader', this.#fromHeader(cookie, options))
  }

  async #fromHeader(cookie: string | undefined, options: FromHeaderOptions): Promise<BrowserSessions> {
    this.#checkReady('fromHeader')
    return this.#withoutRequest.fromHeader(cookie, options)
  }

  open<const K extends SessionName | Definition>(nameOrDefinition: K, id: string): Promise<SessionFor<K> | undefined> {
    return this.#told('open', this.#open(nameOrDefinition, id)) as Promise<SessionFor<K> | undefined>
  }

  async #open(nameOrDefinition: string | Definition, id: string): Promise<unknown> {
    this.#checkReady('open')
    return this.#withoutRequest.open(nameOrDefinition, id)
  }

  /** Logs a failure. If the caller forgets to await the promise, its rejection must not end the process. */
  #told<T>(method: string, work: Promise<T>): Promise<T> {
    work.catch((error) => this.#log.error({ err: error }, `app.sessions.${method}() failed`))
    return work
  }

  /**
   * Called when all plugins are loaded: resolves the definitions and sets up their stores. Rejects with
   * FST_SESSIONS_CONFIG or FST_SESSIONS_STORE_CONFIG.
   */
  async start(app: FastifyInstance): Promise<void> {
    await Promise.all([this.#registry.stores.make(app), this.#registry.events.ready(app.log)])
    this.#registry.freeze()
    this.#past?.begin()
    this.#checkDefault()
    const { definitions, stores } = this.#registry
    this.#marker = this.#markerFor(definitions)
    this.preloader.begin(this.#marker, this.#options.clearMarker !== undefined)
    this.routes.check(definitions.map(({ name }) => name))
    await Promise.all(definitions.map(({ from }) => from?.ready()))
    if (definitions.some(({ limit }) => limit !== undefined)) await loadLimits()
    await this.#setUpStores()
    tellLimits(stores.namedRecordStores, this.#log)
    this.#telling.watchEvictions(stores.namedRecordStores)
    this.#sweeper.start(stores.namedRecordStores)
  }

  #checkDefault(): void {
    const { default: name } = this.#options
    const { names } = this.#registry
    if (name === undefined || names.includes(name)) return
    throw new ConfigError(`default: no session "${String(name)}"; there are ${names.join(', ') || 'none'}`)
  }

  async #setUpStores(): Promise<void> {
    const { recordStores } = this.#registry.stores
    const setUp = (store: RecordStore) => {
      const name = this.#registry.stores.nameOf(store)
      return this.#registry.stores.mayStartWithout(name)
        ? this.#setup.runOrRetry(name, store)
        : this.#setup.run(name, store)
    }
    await Promise.all(recordStores.map(setUp))
  }

  async stop(): Promise<void> {
    this.unsaved.close()
    this.#setup.stop()
    this.watches.stop()
    try {
      await Promise.all([this.#sweeper.stop(), this.#past?.end()])
      await Promise.all(this.#registry.stores.recordStores.map((store) => store.close?.()))
    } finally {
      this.#registry.close()
    }
  }

  #markerFor(definitions: readonly ResolvedDefinition[]): ClearMarker {
    const { clearMarker } = this.#options
    if (clearMarker === undefined) return this.#marker
    const { store, refresh = 1 } = clearMarker
    const fault = durationFault(refresh, MARKER_REFRESH)
    if (fault !== undefined) throw new ConfigError(`clearMarker: refresh: ${fault}`)
    const lifetime = Math.max(...definitions.map(({ absolute }) => absolute))
    return new ClearMarker(
      this.#registry.stores.recordStore(store, 'clearMarker'),
      refresh * 1000,
      lifetime,
      this.#options.app
    )
  }

  /**
   * Refuses calls before the app is ready: no store is connected then, so a result would wrongly say that there are no
   * sessions.
   * @throws FST_SESSIONS_CONFIG
   */
  #checkReady(method: string): void {
    if (this.#registry.isFrozen) return
    throw new ConfigError(`app.sessions.${method}(): too early: the app is not ready; await app.ready() first`)
  }

  /** Checks that the app is ready, and the subject. @throws FST_SESSIONS_CONFIG */
  #check(method: string, subject?: string): void {
    this.#checkReady(method)
    if (method !== 'clear' && (typeof subject !== 'string' || subject === '')) {
      const got = `expected what identify() was told, a non-empty string, got ${typeof subject}`
      throw new ConfigError(`app.sessions.${method}(): ${got}`)
    }
  }

  get #view(): View {
    const definitions = new Map(this.#registry.definitions.map((definition) => [definition.name, definition]))
    return { app: this.#options.app, definitions, clearedAt: this.#marker.clearedAt }
  }

  #usedStores(): readonly RecordStore[] {
    return [...new Set(this.#registry.definitions.flatMap(({ store }) => store ?? []))]
  }
}
