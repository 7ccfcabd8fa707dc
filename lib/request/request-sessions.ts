import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Awaitable } from '../../types/store.js'
import { CookieHeader } from '../cookie/header.js'
import type { Entry } from '../definition/registry.js'
import type { RouteSessions } from '../definition/route-sessions.js'
import { StoreError } from '../errors.js'
import { loadFromCookie, logProblem, type Moment, openTicket } from '../load/load.js'
import { type Named, readRecord, readRecords } from '../load/read-records.js'
import type { ClearMarker } from '../records/clear-marker.js'
import type { Loaded } from '../session/source.js'
import { SessionState } from '../session/state.js'
import { append } from '../util/append.js'
import { andThen } from '../util/awaitable.js'
import { HandlerSession, type Host } from './handler-session.js'
import { isPrefetch } from './prefetch.js'
import type { Unsaved } from './unsaved.js'

type Commit = (sessions: RequestSessions, states: readonly SessionState[]) => Promise<void> | undefined

/** What is known of one session. */
interface Place {
  readonly entry: Entry
  /** What was read before the handler, and why it could not be. */
  loaded: Loaded | undefined
  failure: Error | undefined
  /** What the handler holds. */
  session: HandlerSession | undefined
}

/** The sessions of one request. */
export class RequestSessions implements Host {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  #cookies: CookieHeader | undefined
  #written: Set<string> | undefined
  readonly #marker: ClearMarker
  readonly #isUse: boolean
  readonly #commit: Commit
  readonly #unsaved: Unsaved
  readonly #routes: RouteSessions
  #places: Place[] = []
  #states: SessionState[] = []
  #saving: Promise<void> | undefined
  /** The handler asked for one of them. */
  isLookedAt = false
  /** How far the reply is: not given yet, waiting for its sessions, or handed on to what is behind `onSend`. */
  stage: 'handled' | 'saving' | 'left' = 'handled'
  /** It is being handed on right now. */
  isHandingOn = false
  /** Fastify has told of an error, which may come after a reply. */
  hasErred = false
  /** That error's own reply is still to come. */
  isErrorDue = false
  /** What is changed now is not saved with the reply: its headers are sent. */
  isLate = false
  /** The response has ended. */
  isOver = false
  /** Sessions that could not be saved: what the error's own response would save is what failed already. */
  failed: readonly string[] | undefined

  constructor(
    request: FastifyRequest,
    reply: FastifyReply,
    marker: ClearMarker,
    commit: Commit,
    unsaved: Unsaved,
    routes: RouteSessions
  ) {
    this.request = request
    this.reply = reply
    this.#marker = marker
    this.#isUse = routes.isUse(request)
    this.#commit = commit
    this.#unsaved = unsaved
    this.#routes = routes
  }

  /** Names of the cookies that this response sets already. */
  get written(): Set<string> {
    this.#written ??= new Set()
    return this.#written
  }

  get setsCookies(): boolean {
    return this.#written !== undefined
  }

  /** The sessions that the handler asked for and that are loaded. */
  get used(): readonly SessionState[] {
    return this.#states
  }

  /** As the app names it, for the log: a URL may hold what is nobody else's business. */
  get route(): string {
    const { method, routeOptions } = this.request
    return `${method} ${routeOptions.url ?? '(a path of no route)'}`
  }

  /** Written past Fastify, who runs no `onSend` then. */
  get isHijacked(): boolean {
    return this.stage === 'handled' && this.reply.sent
  }

  get moment(): Moment {
    return { now: Date.now(), clearedAt: this.#marker.clearedAt }
  }

  session(entry: Entry): HandlerSession {
    if (!this.isLookedAt) this.#unsaved.follow(this)
    this.isLookedAt = true
    const place = this.#placeOf(entry)
    if (place.session !== undefined) return place.session
    if (place.failure !== undefined) throw place.failure
    place.session = this.#open(place)
    return place.session
  }

  /** Reads the records of sessions whose cookies came, one round trip a store. */
  preload(entries: readonly Entry[]): Awaitable<unknown> {
    const { moment } = this
    let named: Named[] = []
    for (const entry of entries) {
      const opened = this.#openTicket(entry, moment)
      if (opened !== undefined) named = append(named, opened)
    }
    return named.length > 1 ? this.#readByStore(named, moment) : named[0] && this.#readOne(named[0], moment)
  }

  /** The store could not be asked for these: whoever uses them gets the error, or an empty session. */
  fail(entries: readonly Entry[], error: unknown): void {
    for (const entry of entries) {
      this.request.log.error({ session: entry.name, err: error }, 'a session store failed')
      const place = this.#placeOf(entry)
      if (entry.onStoreError === 'empty') place.loaded = { problem: 'store', isDetached: true }
      else place.failure = Object.assign(new StoreError(entry.name, 'it could not be read'), { cause: error })
    }
  }

  async load(entry: Entry): Promise<SessionState> {
    await this.preload([entry])
    const { failure, loaded = NOTHING } = this.#placeOf(entry)
    if (failure !== undefined) throw failure
    return this.#state(entry, loaded)
  }

  save(entry: Entry): Promise<void> {
    return this.saveStates(this.#states.filter((state) => state.entry === entry))
  }

  /** The caller may forget to wait for it, which must not end the process: what is not saved is tried again at the end. */
  saveStates(states: readonly SessionState[]): Promise<void> {
    const saving = (async () => this.commit(states))()
    saving.catch(() => {})
    return saving
  }

  touch(state: SessionState): void {
    if (this.stage !== 'handled' || this.isLate) this.#unsaved.touch(this, state)
  }

  end(state: SessionState): SessionState {
    if (!state.isSaving) {
      state.destroy(this.#beginning)
      return state
    }
    const successor = state.succeed(this.#beginning)
    this.#states = this.#states.map((each) => (each === state ? successor : each))
    return successor
  }

  /**
   * Saves sessions, one save after the other: what is changed while one is under way is for the next.
   * `undefined`: done already.
   */
  commit(states: readonly SessionState[]): Promise<void> | undefined {
    const earlier = this.#saving
    const saving = earlier === undefined ? this.#commit(this, states) : earlier.then(() => this.#commit(this, states))
    if (saving === undefined) return undefined
    const end = () => {
      if (this.#saving === settled) this.#saving = undefined
    }
    const settled = saving.then(end, end)
    this.#saving = settled
    return saving
  }

  now(): number {
    return Date.now()
  }

  /** The answer to HEAD is shown to nobody, and what is fetched ahead of a click perhaps neither. */
  isUnseen({ flashOnPrefetch }: Entry): boolean {
    const { method, raw } = this.request
    return method === 'HEAD' || (flashOnPrefetch === 'keep' && isPrefetch(raw.headers))
  }

  /** Hooks of the app's may change it. */
  get #cookieHeader(): CookieHeader {
    const { cookie = '' } = this.request.raw.headers
    if (this.#cookies?.text !== cookie) this.#cookies = new CookieHeader(cookie)
    return this.#cookies
  }

  #placeOf(entry: Entry): Place {
    for (const place of this.#places) if (place.entry === entry) return place
    const place: Place = { entry, loaded: undefined, failure: undefined, session: undefined }
    this.#places = append(this.#places, place)
    return place
  }

  #open({ entry, loaded }: Place): HandlerSession {
    const from = loaded ?? (this.#isLoadedByHand(entry) ? undefined : this.#fromCookie(entry))
    return new HandlerSession(entry, this, from && this.#state(entry, from))
  }

  /** Whether or not a cookie came: else only the second visit would show that `load()` was forgotten. */
  #isLoadedByHand(entry: Entry): boolean {
    if (entry.store === undefined || entry.isManual) return entry.store !== undefined
    const wanted = this.#routes.loadedFor(this.request)
    return wanted !== undefined && (wanted === false || !wanted.includes(entry.name))
  }

  /** `undefined`: the record has to be read by hand. */
  #fromCookie(entry: Entry): Loaded | undefined {
    if (this.request.raw.headers.cookie === undefined) return NOTHING
    const header = this.#cookieHeader
    if (entry.store !== undefined) return entry.cookie.isIn(header.text) ? undefined : NOTHING
    const loaded = loadFromCookie(entry, header, this.moment)
    logProblem(this.request.log, entry.name, loaded.problem)
    return loaded
  }

  #state(entry: Entry, loaded: Loaded): SessionState {
    const state = new SessionState(entry, this.request.log, loaded)
    state.isUse = this.#isUse
    if (state.source === undefined && !state.isReadOnly) state.createdAt = this.#beginning
    this.#marker.see(state.createdAt)
    this.#states = append(this.#states, state)
    return state
  }

  /** A session that begins now is newer than the last clearing, whatever the clock says. */
  get #beginning(): number {
    return Math.max(Date.now(), this.#marker.clearedAt + 1)
  }

  /** `undefined`: there is nothing to be read. */
  #openTicket(entry: Entry, moment: Moment): Named | undefined {
    const opened = openTicket(entry, this.#cookieHeader, moment)
    if (opened === undefined) return undefined
    if (opened.problem !== undefined) this.#put(entry, { problem: opened.problem })
    else return { entry, ...opened }
    return undefined
  }

  #readByStore(named: readonly Named[], moment: Moment): Promise<unknown> {
    const stores = [...new Set(named.map(({ entry }) => entry.store))]
    return Promise.all(
      stores.map((store) =>
        this.#read(
          named.filter(({ entry }) => entry.store === store),
          moment
        )
      )
    )
  }

  /** Reads records of one store. */
  async #read(named: readonly Named[], moment: Moment): Promise<void> {
    const results = await readRecords(named, moment)
    for (const [index, result] of results.entries()) this.#take((named[index] as Named).entry, result)
  }

  #readOne(named: Named, moment: Moment): Awaitable<void> {
    return andThen(readRecord(named, moment), (result) => this.#take(named.entry, result))
  }

  #take(entry: Entry, result: PromiseSettledResult<Loaded>): void {
    if (result.status === 'fulfilled') this.#put(entry, result.value)
    else this.fail([entry], result.reason)
  }

  #put(entry: Entry, loaded: Loaded): void {
    this.#placeOf(entry).loaded = loaded
    logProblem(this.request.log, entry.name, loaded.problem)
  }
}

const NOTHING: Loaded = Object.freeze({})
