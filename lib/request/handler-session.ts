import type { CookieOptions, Problem } from '../../types/session.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { NotLoadedError, UnsupportedError } from '../errors.js'
import { copyOf } from '../schema/json.js'
import { rename } from '../session/former-ids.js'
import { invalidMessage, invalidValue, NOT_A_KEY, unknownKey } from '../session/invalid-value.js'
import { Shown } from '../session/shown.js'
import type { SessionState } from '../session/state.js'
import { checkAge, checkedSubjects, flashCodecOf, hasNewRights, refuseKey, resultOf } from './arguments.js'
import { NO_PROPERTIES } from './misuse.js'
import { INSPECT, inspected } from './session-view.js'

/** What a session needs from its request. */
export interface Host {
  /** Loads a session that was not loaded before the handler, and returns its state. */
  load(definition: ResolvedDefinition): Promise<SessionState>
  save(definition: ResolvedDefinition): Promise<void>
  /** Called whenever a handler uses a session. */
  use(state: SessionState): void
  /** Called before a session may be changed. Only a request's first call has an effect. */
  follow(): void
  /** Reads the session again, and returns its new state. */
  reload(state: SessionState): Promise<SessionState>
  /** Ends a session, and returns the state of the session that begins in its place. */
  end(state: SessionState): SessionState
  now(): number
  /** Returns a signal that aborts when the session with the id that `idNow` returns has ended. */
  watch(definition: ResolvedDefinition, idNow: () => string | undefined): AbortSignal
  /** Whether messages that are read now may not be seen by anybody. */
  isUnseen(definition: ResolvedDefinition): boolean
}

/**
 * The session object that handlers get, `Session` in the public types. It checks arguments, and keeps changes in the
 * state until they are committed.
 */
export class HandlerSession {
  readonly #definition: ResolvedDefinition
  readonly #host: Host
  #state: SessionState | undefined
  #loading: Promise<SessionState> | undefined
  #signal: AbortSignal | undefined

  /** @param state `undefined` for a session that is loaded by hand */
  constructor(definition: ResolvedDefinition, host: Host, state: SessionState | undefined) {
    this.#definition = definition
    this.#host = host
    this.#state = state
  }

  static definitionOf(session: HandlerSession): ResolvedDefinition {
    return session.#definition
  }

  /**
   * Gives read access to the state, for values that are stored beside the session's own.
   * @throws FST_SESSIONS_NOT_LOADED
   */
  static stateOf(session: HandlerSession): SessionState {
    return session.#loaded
  }

  /** Gives access to the state for changing it. @throws FST_SESSIONS_NOT_LOADED */
  static changing(session: HandlerSession): SessionState {
    return session.#changing
  }

  get name(): string {
    return this.#definition.name
  }

  get id(): string | undefined {
    const state = this.#loaded
    const { id, replaced } = state
    if (id !== undefined && replaced?.location !== undefined) rename(state, replaced.location.id, id)
    return id
  }

  get isNew(): boolean {
    return this.#loaded.isNew
  }

  get isDirty(): boolean {
    return this.#loaded.isDirty
  }

  get createdAt(): Date {
    return new Date(this.#loaded.content.createdAt)
  }

  get expiresAt(): Date {
    return new Date(this.#loaded.content.expires(this.#host.now()))
  }

  get problem(): Problem | undefined {
    return this.#loaded.problem
  }

  get subject(): string | undefined {
    return this.#loaded.content.subject
  }

  get subjects(): readonly string[] {
    return [...this.#loaded.content.subjects]
  }

  get signal(): AbortSignal {
    if (this.#definition.store === undefined) {
      throw new UnsupportedError(this.name, 'signal needs a record store: nobody can end a session in the cookie')
    }
    void this.#loaded
    this.#signal ??= this.#host.watch(this.#definition, () => this.#state?.origin?.location?.id)
    return this.#signal
  }

  get data(): Record<string, unknown> {
    const state = this.#changing
    state.shown ??= new Shown(this.#definition.codec)
    return state.shown.show(state.content.values.all())
  }

  get(key: string): unknown {
    if (typeof key !== 'string') refuseKey(this.name, key)
    const value = this.#loaded.content.values.get(key)
    if (value === undefined) this.#checkKey(key)
    // Changes within a returned object are not announced, so the request has to be watched for unsaved changes.
    else if (typeof value === 'object') this.#host.follow()
    return value
  }

  has(key: string): boolean {
    if (typeof key !== 'string') refuseKey(this.name, key)
    const has = this.#loaded.content.values.has(key)
    if (!has) this.#checkKey(key)
    return has
  }

  set(key: string, value: unknown): this {
    if (typeof key !== 'string') refuseKey(this.name, key)
    this.#changing.content.values.set(key, value, this.#encode(key, value))
    return this
  }

  update(key: string, change: (current: never) => unknown): never {
    if (typeof key !== 'string') refuseKey(this.name, key)
    const { values } = this.#changing.content
    // On newer data the function runs again, and may return nothing there although it did not do so here.
    const checked = (current: unknown) => resultOf(this.name, key, change(current as never))
    const value = checked(values.current(key))
    return values.update(key, checked, value, this.#encode(key, value)) as never
  }

  delete(key: string): boolean {
    if (typeof key !== 'string') refuseKey(this.name, key)
    this.#checkKey(key)
    return this.#changing.content.values.delete(key)
  }

  clear(): this {
    const { content } = this.#changing
    content.values.clear()
    content.flashes.clear()
    content.pluginValues = undefined
    return this
  }

  flash(kind: string, message: unknown): this {
    const encoded = flashCodecOf(this.#definition, kind).encode(message)
    if (encoded.issues) throw invalidMessage(this.#definition, kind, encoded.issues)
    this.#changing.content.flashes.add(kind, copyOf(encoded.value))
    return this
  }

  flashes(kind: string): never[]
  flashes(): Record<string, never[]>
  flashes(kind?: string): unknown {
    const { flashes } = this.#changing.content
    const isUnseen = this.#host.isUnseen(this.#definition)
    return this.#each(kind, (each) => (isUnseen ? flashes.peek(each) : flashes.take(each)))
  }

  peek(kind: string): never[]
  peek(): Record<string, never[]>
  peek(kind?: string): unknown {
    const { flashes } = this.#loaded.content
    return this.#each(kind, (each) => flashes.peek(each))
  }

  persist(maxAge?: number | false): this {
    const definition = this.#definition
    const age = maxAge ?? definition.cookie.maxAge ?? Math.floor(definition.idle / 1000)
    if (age !== false) checkAge(definition, age)
    this.#changing.persist(age)
    return this
  }

  touch(isUse = true): this {
    this.#loaded.content.isUse = isUse
    return this
  }

  cookie(options: Omit<CookieOptions, 'maxAge'>): this {
    const state = this.#changing
    state.cookieOptions = this.#definition.cookie.changed(state.cookieOptions, options)
    return this
  }

  regenerate(options: { readonly newRights?: boolean } = {}): this {
    this.#changing.regenerate(hasNewRights(this.name, options))
    return this
  }

  destroy(): void {
    this.#state = this.#host.end(this.#changing)
  }

  identify(subject: string | null, ...further: readonly string[]): this {
    this.#changing.content.subjects = checkedSubjects(this.#definition, [subject, ...further])
    return this
  }

  load(): Promise<this> {
    const loading = this.#load()
    // If the caller forgets to await this promise, its rejection must not end the process: using the session throws the
    // error.
    loading.catch(() => {})
    return loading
  }

  save(): Promise<void> {
    return this.#host.save(this.#definition)
  }

  reload(): Promise<this> {
    const reloading = this.#reload()
    reloading.catch(() => {})
    return reloading
  }

  [INSPECT](_depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    return inspected(this.name, this.#state, options, inspect)
  }

  /**
   * Refuses to serialise a session: one that a handler returns would expose all its values to the browser, or none.
   * @throws FST_SESSIONS_UNSUPPORTED always
   */
  toJSON(): never {
    const instead = 'return what is to be shown of it, such as session.get(key), or all, session.data'
    throw new UnsupportedError(this.name, `is not to be sent as it is: ${instead}`)
  }

  async #reload(): Promise<this> {
    this.#state = await this.#host.reload(this.#loaded)
    return this
  }

  async #load(): Promise<this> {
    if (this.#state === undefined) {
      this.#loading ??= this.#host.load(this.#definition)
      this.#state = await this.#loading
    }
    return this
  }

  get #loaded(): SessionState {
    if (this.#state === undefined) {
      throw new NotLoadedError(
        this.name,
        `is loaded by hand on this route: await request.session("${this.name}").load() first`
      )
    }
    this.#host.use(this.#state)
    return this.#state
  }

  get #changing(): SessionState {
    this.#host.follow()
    return this.#loaded
  }

  /** Returns the value's stored form. @throws FST_SESSIONS_INVALID_VALUE */
  #encode(key: string, value: unknown): unknown {
    const encoded = key === '__proto__' ? NOT_A_KEY : this.#definition.codec.encodeKey(key, value)
    if (encoded.issues) throw invalidValue(this.#definition, encoded.issues, key)
    return encoded.value
  }

  /**
   * Refuses an unknown key. Called for keys without a value, since a misspelt key never has one.
   * @throws FST_SESSIONS_INVALID_VALUE
   */
  #checkKey(key: string): void {
    const { keys } = this.#definition.codec
    if (keys !== undefined && !keys.includes(key)) throw unknownKey(this.name, key, keys)
  }

  #each(kind: string | undefined, read: (kind: string) => unknown[]): unknown {
    if (kind === undefined) {
      return Object.fromEntries(this.#loaded.content.flashes.kinds().map((each) => [each, read(each)]))
    }
    flashCodecOf(this.#definition, kind)
    return read(kind)
  }
}

Object.freeze(Object.setPrototypeOf(HandlerSession.prototype, NO_PROPERTIES))
