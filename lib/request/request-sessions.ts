import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Awaitable } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import type { RouteSessions } from '../definition/route-sessions.js'
import { Loader } from '../load/loader.js'
import { reload } from '../load/reload.js'
import type { Watches } from '../load/watches.js'
import type { ClearMarker } from '../records/clear-marker.js'
import { ReplyState } from '../response/reply-state.js'
import { SaveQueue } from '../save/save-queue.js'
import { beginning } from '../session/lifetime.js'
import type { Loaded } from '../session/origin.js'
import { type Beginning, SessionState } from '../session/state.js'
import { HandlerSession, type Host } from './handler-session.js'
import { isPrefetch } from './prefetch.js'
import { tellOpened } from './telling.js'
import type { Unsaved } from './unsaved.js'

/** The sessions of one request. */
export class RequestSessions implements Host, Beginning {
  readonly replyState: ReplyState
  readonly #loader: Loader
  readonly #marker: ClearMarker
  readonly #unsaved: Unsaved
  readonly #watches: Watches
  /** Whether the request counts as use of its sessions. */
  readonly isUse: boolean
  /** The sessions that the handler asked for. */
  readonly #opened: HandlerSession[] = []
  #states: SessionState[] = []
  #saves: SaveQueue | undefined
  #isFollowed = false
  /** Whether the handler asked for any session. */
  isLookedAt = false

  constructor(
    request: FastifyRequest,
    reply: FastifyReply,
    marker: ClearMarker,
    unsaved: Unsaved,
    watches: Watches,
    routes: RouteSessions
  ) {
    this.replyState = new ReplyState(request, reply)
    this.#loader = new Loader(request, marker, routes)
    this.#marker = marker
    this.#unsaved = unsaved
    this.#watches = watches
    this.isUse = routes.isUse(request)
  }

  /** The sessions that the handler asked for and that are loaded. */
  get used(): readonly SessionState[] {
    return this.#states
  }

  /**
   * Returns the session of a definition, the same object at each call.
   * @throws FST_SESSIONS_STORE when its store could not be read
   */
  session(definition: ResolvedDefinition): HandlerSession {
    if (!this.isLookedAt) this.replyState.isLate = this.replyState.reply.raw.headersSent
    this.isLookedAt = true
    for (const opened of this.#opened) if (HandlerSession.definitionOf(opened) === definition) return opened
    const loaded = this.#loader.loaded(definition)
    const session = new HandlerSession(definition, this, loaded && this.#state(definition, loaded))
    this.#opened.push(session)
    return session
  }

  /** Adds a session that was not found by its cookie. */
  adopt(definition: ResolvedDefinition, loaded: Loaded): HandlerSession {
    return new HandlerSession(definition, this, this.#state(definition, loaded))
  }

  /**
   * Reads the records that the cookies of these sessions name. Returns a promise only if a store has to be waited for.
   */
  preload(definitions: readonly ResolvedDefinition[]): Awaitable<unknown> {
    return this.#loader.preload(definitions)
  }

  /**
   * Counts this request as use of sessions, although perhaps no handler asked for them. Errors are left to the handlers
   * that do ask.
   */
  useAll(definitions: readonly ResolvedDefinition[]): void {
    for (const definition of definitions) {
      try {
        this.session(definition)
      } catch {}
    }
  }

  /** Marks these sessions as failed: their store could not be read. */
  fail(definitions: readonly ResolvedDefinition[], error: unknown): void {
    this.#loader.fail(definitions, error)
  }

  async load(definition: ResolvedDefinition): Promise<SessionState> {
    return this.#state(definition, await this.#loader.load(definition))
  }

  save(definition: ResolvedDefinition): Promise<void> {
    return this.saveStates(this.#states.filter((state) => state.definition === definition))
  }

  /**
   * Saves sessions. If the caller forgets to await the promise, its rejection must not end the process: what was not
   * saved is tried again at the end of the request.
   */
  saveStates(states: readonly SessionState[]): Promise<void> {
    const saving = (async () => this.commit(states))()
    saving.catch(() => {})
    return saving
  }

  /**
   * Saves sessions together, after the saves that are under way. Returns `undefined` if that is done already.
   * @throws FST_SESSIONS_SAVE, or rejects with it
   */
  commit(states: readonly SessionState[]): Promise<void> | undefined {
    this.#saves ??= new SaveQueue(this.replyState)
    return this.#saves.commit(states)
  }

  use(state: SessionState): void {
    if (this.replyState.stage !== 'handled' || this.replyState.isLate) this.#unsaved.touch(this, state)
  }

  follow(): void {
    if (this.#isFollowed) return
    this.#isFollowed = true
    this.#unsaved.follow(this)
  }

  end(state: SessionState): SessionState {
    if (!state.isSaving) {
      state.destroy(this.at)
      return state
    }
    const successor = state.startOver(this.at)
    this.#states = this.#states.map((each) => (each === state ? successor : each))
    return successor
  }

  /** Watches until the response, or the connection of an upgrade, is closed. */
  watch(definition: ResolvedDefinition, idNow: () => string | undefined): AbortSignal {
    const { request, reply } = this.replyState
    const [signal, end] = this.#watches.add(definition, idNow)
    const isUpgrade = request.raw.headers.upgrade !== undefined
    const connection = isUpgrade ? request.raw.socket : reply.raw
    if (connection.destroyed) end()
    else connection.once('close', end)
    return signal
  }

  async reload(state: SessionState): Promise<SessionState> {
    await this.#saves?.idle
    if (this.#marker.isDue()) await this.#marker.ask(Date.now())
    const cutoffs = { now: Date.now(), clearedAt: this.#marker.clearedAt }
    const reloaded = this.#stateFrom(state.definition, await reload(state, cutoffs))
    this.#states = this.#states.map((each) => (each === state ? reloaded : each))
    return reloaded
  }

  now(): number {
    return Date.now()
  }

  /** Whether nobody may see the response: that of HEAD is never shown, and that of a prefetch perhaps not. */
  isUnseen({ flashOnPrefetch }: ResolvedDefinition): boolean {
    const { method, raw } = this.replyState.request
    return method === 'HEAD' || (flashOnPrefetch === 'keep' && isPrefetch(raw.headers))
  }

  #state(definition: ResolvedDefinition, loaded: Loaded): SessionState {
    const state = this.#stateFrom(definition, loaded)
    this.#states.push(state)
    tellOpened(this.replyState.request, state, loaded)
    return state
  }

  #stateFrom(definition: ResolvedDefinition, loaded: Loaded): SessionState {
    const state = new SessionState(definition, this.replyState.request.log, loaded, this)
    this.#marker.see(state.content.createdAt)
    return state
  }

  /** The creation time of a session that begins now, in ms since the epoch. */
  get at(): number {
    return beginning(Date.now(), this.clearedAt)
  }

  get clearedAt(): number {
    return this.#marker.clearedAt
  }
}
