import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Awaitable, RecordStore } from '../types/store.js'
import { andThen } from './awaitable.js'
import { StoreError } from './errors.js'
import { loadFromCookie, loadRecord, logProblem, type Moment, type OpenedTicket, openTicket } from './load.js'
import type { ClearMarker } from './marker.js'
import { reasonOf } from './reason.js'
import type { Ticket } from './record.js'
import type { Entry } from './registry.js'
import { runAlone, runTogether } from './rounds.js'
import { HandlerSession, type Host } from './session.js'
import type { Loaded } from './source.js'
import { SessionState } from './state.js'

type Commit = (sessions: RequestSessions, states: readonly SessionState[]) => Promise<void> | undefined
type Named = OpenedTicket & { readonly ticket: Ticket; readonly entry: Entry }

/** The sessions of one request. */
export class RequestSessions implements Host {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  #written: Set<string> | undefined
  readonly #marker: ClearMarker
  readonly #commit: Commit
  readonly #sessions: (HandlerSession | undefined)[] = []
  readonly #states: SessionState[] = []
  /** What was read before the handler, and why it could not be. */
  readonly #loaded: (Loaded | undefined)[] = []
  readonly #failures: (Error | undefined)[] = []
  #saving: Promise<void> | undefined
  /** The handler asked for one of them. */
  isLookedAt = false
  /** A save failed: what the error's own response would save is what failed already. */
  hasFailed = false
  /** The response is about to leave: nobody hijacks it any more. */
  isLeaving = false

  constructor(request: FastifyRequest, reply: FastifyReply, marker: ClearMarker, commit: Commit) {
    this.request = request
    this.reply = reply
    this.#marker = marker
    this.#commit = commit
  }

  /** Names of the cookies that this response sets already. */
  get written(): Set<string> {
    this.#written ??= new Set()
    return this.#written
  }

  /** The sessions that the handler asked for and that are loaded. */
  get used(): readonly SessionState[] {
    return this.#states
  }

  get moment(): Moment {
    return { now: Date.now(), clearedAt: this.#marker.clearedAt }
  }

  session(entry: Entry): HandlerSession {
    this.isLookedAt = true
    const present = this.#sessions[entry.index]
    if (present !== undefined) return present
    const failure = this.#failures[entry.index]
    if (failure !== undefined) throw failure
    const session = this.#open(entry)
    this.#sessions[entry.index] = session
    return session
  }

  /** Reads the records of sessions whose cookies came, one round trip a store. */
  preload(entries: readonly Entry[]): Awaitable<unknown> {
    const { moment } = this
    const named: Named[] = []
    for (const entry of entries) this.#openTicket(entry, moment, named)
    return named.length === 1 ? this.#readOne(named[0] as Named, moment) : this.#readByStore(named, moment)
  }

  /** The store could not be asked for these: whoever uses them gets the error, or an empty session. */
  fail(entries: readonly Entry[], error: unknown): void {
    for (const entry of entries) {
      this.request.log.error({ session: entry.name, err: error }, 'a session store failed')
      if (entry.onStoreError === 'empty') {
        this.#loaded[entry.index] = { problem: 'store', isDetached: true }
      } else {
        this.#failures[entry.index] = Object.assign(new StoreError(entry.name, reasonOf(error)), { cause: error })
      }
    }
  }

  async load(entry: Entry): Promise<SessionState> {
    await this.preload([entry])
    const failure = this.#failures[entry.index]
    if (failure !== undefined) throw failure
    return this.#state(entry, this.#loaded[entry.index] ?? NOTHING, this.moment)
  }

  async save(entry: Entry): Promise<void> {
    await this.commit(this.#states.filter((state) => state.entry === entry))
  }

  end(state: SessionState): SessionState {
    if (!state.isSaving) {
      state.destroy(beginningAt(this.moment))
      return state
    }
    const successor = state.succeed(beginningAt(this.moment))
    this.#states[this.#states.indexOf(state)] = successor
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

  #open(entry: Entry): HandlerSession {
    const header = this.request.raw.headers.cookie
    const { moment } = this
    const loaded =
      header === undefined ? NOTHING : (this.#loaded[entry.index] ?? this.#fromCookie(entry, header, moment))
    return new HandlerSession(entry, this, loaded && this.#state(entry, loaded, moment))
  }

  /** `undefined`: the record has to be read by hand. */
  #fromCookie(entry: Entry, header: string, moment: Moment): Loaded | undefined {
    if (entry.store !== undefined) return entry.cookie.isIn(header) ? undefined : NOTHING
    const loaded = loadFromCookie(entry, header, moment)
    logProblem(this.request.log, entry.name, loaded.problem)
    return loaded
  }

  #state(entry: Entry, loaded: Loaded, moment: Moment): SessionState {
    const state = new SessionState(entry, this.request.log, loaded, beginningAt(moment))
    this.#states.push(state)
    return state
  }

  #openTicket(entry: Entry, moment: Moment, named: Named[]): void {
    const opened = openTicket(entry, this.request.raw.headers.cookie ?? '', moment)
    if (opened?.ticket !== undefined) named.push({ entry, ticket: opened.ticket, isStale: opened.isStale })
    else if (opened !== undefined) this.#put(entry, { problem: opened.problem })
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
    const { store } = (named[0] as Named).entry
    const jobs = named.map((each) => loadRecord(each.entry, each, moment))
    const results = await runTogether(store as RecordStore, jobs)
    for (const [index, result] of results.entries()) this.#take((named[index] as Named).entry, result)
  }

  #readOne(named: Named, moment: Moment): Awaitable<void> {
    const { entry } = named
    const result = runAlone(entry.store as RecordStore, loadRecord(entry, named, moment))
    return andThen(result, (settled) => this.#take(entry, settled))
  }

  #take(entry: Entry, result: PromiseSettledResult<Loaded>): void {
    if (result.status === 'fulfilled') this.#put(entry, result.value)
    else this.fail([entry], result.reason)
  }

  #put(entry: Entry, loaded: Loaded): void {
    this.#loaded[entry.index] = loaded
    logProblem(this.request.log, entry.name, loaded.problem)
  }
}

/** A session that begins now is newer than the last clearing, whatever the clock says. */
function beginningAt({ now, clearedAt }: Moment): number {
  return Math.max(now, clearedAt + 1)
}

const NOTHING: Loaded = Object.freeze({})
