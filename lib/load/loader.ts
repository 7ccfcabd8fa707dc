import type { FastifyRequest } from 'fastify'
import type { Problem } from '../../types/session.js'
import type { Awaitable } from '../../types/store.js'
import { CookieHeader } from '../cookie/header.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import type { RouteSessions } from '../definition/route-sessions.js'
import { StoreError } from '../errors.js'
import type { ClearMarker } from '../records/clear-marker.js'
import { arrivingOf } from '../session/arriving.js'
import type { Loaded } from '../session/origin.js'
import { isPromise } from '../util/awaitable.js'
import { type Cutoffs, loadFromCookie, logProblem, type OpenedTicket, openTicket } from './load.js'
import { readRecord, readRecords } from './read-records.js'
import { type LoadTelling, listen, tellFailed, tellRefused } from './telling.js'

/** The result of loading one session, or the error. */
type Result =
  | { readonly definition: ResolvedDefinition; readonly loaded: Loaded; readonly failure?: undefined }
  | { readonly definition: ResolvedDefinition; readonly failure: Error }

/** Loads the sessions of one request. */
export class Loader {
  readonly #request: FastifyRequest
  readonly #marker: ClearMarker
  readonly #routes: RouteSessions
  #cookies: CookieHeader | undefined
  readonly #results: Result[] = []
  /** The record of the present load, for events; `undefined` if nobody listens. */
  #telling: LoadTelling | undefined

  constructor(request: FastifyRequest, marker: ClearMarker, routes: RouteSessions) {
    this.#request = request
    this.#marker = marker
    this.#routes = routes
  }

  /**
   * Reads the records of sessions whose cookies came, with one round trip to each store. Returns a promise only if a
   * store has to be waited for.
   */
  preload(definitions: readonly ResolvedDefinition[]): Awaitable<unknown> {
    const cutoffs = this.#cutoffs
    const named: OpenedTicket[] = []
    const [first] = definitions
    this.#telling = first && listen(first, this.#request)
    let mayArrive = false
    for (const definition of definitions) {
      mayArrive ||= definition.from !== undefined
      const opened =
        definition.store === undefined ? this.#openCookie(definition) : this.#openTicket(definition, cutoffs)
      if (opened !== undefined) named.push(opened)
    }
    const own = named.length > 1 ? this.#readByStore(named, cutoffs) : named[0] && this.#readOne(named[0], cutoffs)
    return mayArrive ? this.#arriveAfter(own, definitions, cutoffs) : own
  }

  /**
   * Marks sessions as failed, because their store could not be read. A handler that uses one gets the error, or an
   * empty session, as its definition says.
   */
  fail(definitions: readonly ResolvedDefinition[], error: unknown): void {
    for (const definition of definitions) {
      const { name, onStoreError } = definition
      this.#request.log.error({ session: name, err: error }, 'a session store failed')
      tellFailed(definition, this.#request, error, this.#telling?.duration ?? 0)
      if (onStoreError === 'empty') {
        const loaded = { problem: 'store', isDetached: true } as const
        this.#put({ definition, loaded })
        tellRefused(definition, this.#request, loaded)
      } else {
        const failure = Object.assign(new StoreError(name, 'it could not be read'), { cause: error })
        this.#put({ definition, failure })
      }
    }
  }

  /** Returns what is loaded of a session, without waiting; `undefined`: it has to be loaded by hand. */
  loaded(definition: ResolvedDefinition): Loaded | undefined {
    const result = this.#find(definition)
    if (result?.failure !== undefined) throw result.failure
    return result?.loaded ?? (this.#isLoadedByHand(definition) ? undefined : this.#fromCookie(definition))
  }

  /** Loads one session by hand. Rejects with FST_SESSIONS_STORE when its store can't be read. */
  async load(definition: ResolvedDefinition): Promise<Loaded> {
    await this.preload([definition])
    const result = this.#find(definition)
    if (result?.failure !== undefined) throw result.failure
    return result?.loaded ?? NOTHING
  }

  get #cutoffs(): Cutoffs {
    return { now: Date.now(), clearedAt: this.#marker.clearedAt }
  }

  /** Parsed anew when the header changes, which hooks of the app can do during the request. */
  get #cookieHeader(): CookieHeader {
    const { cookie = '' } = this.#request.raw.headers
    if (this.#cookies?.text !== cookie) this.#cookies = new CookieHeader(cookie)
    return this.#cookies
  }

  #find(definition: ResolvedDefinition): Result | undefined {
    for (const result of this.#results) if (result.definition === definition) return result
    return undefined
  }

  #put(result: Result): void {
    let at = 0
    while (at < this.#results.length && this.#results[at]?.definition !== result.definition) at++
    this.#results[at] = result
  }

  /**
   * Whether a session has to be loaded by hand. This does not depend on a cookie: else a forgotten `load()` would only
   * show at a visitor's second request.
   */
  #isLoadedByHand({ store, from, isManual, name }: ResolvedDefinition): boolean {
    const isPreloaded = (store ?? from) !== undefined
    if (!isPreloaded || isManual) return isPreloaded
    const wanted = this.#routes.loadedFor(this.#request)
    return wanted !== undefined && (wanted === false || !wanted.includes(name))
  }

  /** Loads a session by its cookie alone; `undefined`: its record has to be read by hand. */
  #fromCookie(definition: ResolvedDefinition): Loaded | undefined {
    if (this.#request.raw.headers.cookie === undefined) return NOTHING
    const header = this.#cookieHeader
    if (definition.store !== undefined) return definition.cookie.isIn(header.text) ? undefined : NOTHING
    const telling = listen(definition, this.#request)
    const loaded = loadFromCookie(definition, header, this.#cutoffs)
    logProblem(this.#request.log, definition.name, loaded.problem)
    telling?.tell(definition, loaded)
    return loaded
  }

  /**
   * Opens the cookie of a session on the cookie store. It has no record to read, but sessions of other plugins are only
   * taken over if this cookie is no good.
   */
  #openCookie(definition: ResolvedDefinition): undefined {
    this.#put({ definition, loaded: this.#fromCookie(definition) as Loaded })
  }

  /** Takes over sessions of other plugins where the request has none of this plugin. */
  async #arriveAfter(
    own: Awaitable<unknown>,
    definitions: readonly ResolvedDefinition[],
    cutoffs: Cutoffs
  ): Promise<void> {
    if (isPromise(own)) await own
    const { text } = this.#cookieHeader
    const open = definitions.filter((definition) => definition.from?.isIn(text) && mayArrive(this.#find(definition)))
    await Promise.all(open.map((definition) => this.#arrive(definition, cutoffs)))
  }

  async #arrive(definition: ResolvedDefinition, { clearedAt }: Cutoffs): Promise<void> {
    try {
      const loaded = await arrivingOf(definition)?.load(definition, this.#request, this.#cookieHeader, clearedAt)
      if (loaded !== undefined) this.#take(definition, loaded)
    } catch (error) {
      this.fail([definition], error)
    }
  }

  /** Opens the cookie of a session on a record store; `undefined`: there is no record to read. */
  #openTicket(definition: ResolvedDefinition, cutoffs: Cutoffs): OpenedTicket | undefined {
    const opened = openTicket(definition, this.#cookieHeader, cutoffs)
    if (opened === undefined) return undefined
    if (opened.problem === undefined) return opened
    this.#take(definition, { problem: opened.problem, refusal: opened.refusal })
    return undefined
  }

  #readByStore(named: readonly OpenedTicket[], cutoffs: Cutoffs): Promise<unknown> {
    const stores = [...new Set(named.map(({ definition }) => definition.store))]
    const ofStore = (store: OpenedTicket['definition']['store']) =>
      named.filter(({ definition }) => definition.store === store)
    return Promise.all(stores.map((store) => this.#read(ofStore(store), cutoffs)))
  }

  /** Reads records of one store, in one trip. */
  async #read(named: readonly OpenedTicket[], cutoffs: Cutoffs): Promise<void> {
    const telling = this.#telling
    const results = await (telling === undefined
      ? readRecords(named, cutoffs)
      : telling.trip(
          named.map(({ definition }) => definition),
          () => readRecords(named, cutoffs)
        ))
    for (const [index, result] of results.entries()) this.#settle((named[index] as OpenedTicket).definition, result)
  }

  #readOne(named: OpenedTicket, cutoffs: Cutoffs): Awaitable<void> {
    const telling = this.#telling
    const result = telling === undefined ? readRecord(named, cutoffs) : readTraced(telling, named, cutoffs)
    return isPromise(result) ? this.#settleLater(named, result) : this.#settle(named.definition, result)
  }

  async #settleLater({ definition }: OpenedTicket, result: Promise<PromiseSettledResult<Loaded>>): Promise<void> {
    this.#settle(definition, await result)
  }

  #settle(definition: ResolvedDefinition, result: PromiseSettledResult<Loaded>): void {
    if (result.status === 'fulfilled') this.#take(definition, result.value)
    else this.fail([definition], result.reason)
  }

  #take(definition: ResolvedDefinition, loaded: Loaded): void {
    this.#put({ definition, loaded })
    logProblem(this.#request.log, definition.name, loaded.problem)
    this.#telling?.tell(definition, loaded)
  }
}

/** A separate function, so that a load without listeners creates no closure. */
function readTraced(
  telling: LoadTelling,
  named: OpenedTicket,
  cutoffs: Cutoffs
): Awaitable<PromiseSettledResult<Loaded>> {
  return telling.trip([named.definition], () => readRecord(named, cutoffs))
}

/**
 * Whether a session of another plugin may be taken over. It may not if one of this plugin has ended: that one must not
 * come back as an old one.
 */
function mayArrive(result: Result | undefined): boolean {
  if (result === undefined) return true
  if (result.failure !== undefined) return false
  const { origin, problem } = result.loaded
  return origin === undefined && UNKNOWN.has(problem)
}

/**
 * The problems of a cookie that never named a session of this plugin, or was sealed with a key that is no longer in the
 * ring.
 */
const UNKNOWN: ReadonlySet<Problem | undefined> = new Set([undefined, 'malformed', 'unknown-key', 'bad-seal'] as const)

const NOTHING: Loaded = Object.freeze({})
