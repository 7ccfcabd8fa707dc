import type { CookieOptions, Problem } from '../../types/session.js'
import type { Entry } from '../definition/registry.js'
import { InvalidValueError, LifetimeError, NotLoadedError, UnsupportedError } from '../errors.js'
import { COOKIE_AGE, durationFault } from '../options/durations.js'
import { isObject } from '../options/names.js'
import type { ValueCodec } from '../schema/codec.js'
import { copyOf } from '../schema/json.js'
import { rename } from '../session/former-ids.js'
import { invalidMessage, invalidValue, misuse, NOT_A_KEY, unknownKey } from '../session/invalid-value.js'
import { Shown } from '../session/shown.js'
import type { SessionState } from '../session/state.js'
import { NO_PROPERTIES } from './misuse.js'
import { INSPECT, inspected } from './session-view.js'

/** What a session needs of the request that it belongs to. */
export interface Host {
  /** Loads a session that was left out; gives its state. */
  load(entry: Entry): Promise<SessionState>
  save(entry: Entry): Promise<void>
  /** A session is used. */
  touch(state: SessionState): void
  /** Ends a session; gives the one that begins then. */
  end(state: SessionState): SessionState
  now(): number
  /** Whether messages that are read now may not be seen by anybody. */
  isUnseen(entry: Entry): boolean
}

/**
 * The session that a handler holds, the `Session` of the types: checks what it is told, and keeps it in the state until
 * it is committed.
 */
export class HandlerSession {
  readonly #entry: Entry
  readonly #host: Host
  #state: SessionState | undefined
  #loading: Promise<SessionState> | undefined

  /** @param state `undefined` for a session that is to be loaded by hand */
  constructor(entry: Entry, host: Host, state: SessionState | undefined) {
    this.#entry = entry
    this.#host = host
    this.#state = state
  }

  get name(): string {
    return this.#entry.name
  }

  get id(): string | undefined {
    const state = this.#loaded
    const { id, retiring } = state
    if (id !== undefined && retiring?.kept !== undefined) rename(state, retiring.kept.id, id)
    return id
  }

  get isNew(): boolean {
    const { source, retiring, isReadOnly } = this.#loaded
    return source === undefined && retiring === undefined && !isReadOnly
  }

  get isDirty(): boolean {
    return this.#loaded.isDirty
  }

  get createdAt(): Date {
    return new Date(this.#loaded.createdAt)
  }

  get expiresAt(): Date {
    return new Date(this.#loaded.expires(this.#host.now()))
  }

  get problem(): Problem | undefined {
    return this.#loaded.problem
  }

  get subject(): string | undefined {
    return this.#loaded.subject
  }

  get data(): Record<string, unknown> {
    const state = this.#loaded
    state.shown ??= new Shown(this.#entry.codec)
    return state.shown.show(state.values.all())
  }

  get(key: string): unknown {
    if (typeof key !== 'string') this.#refuseKey(key)
    const value = this.#loaded.values.get(key)
    if (value === undefined) this.#checkKey(key)
    return value
  }

  has(key: string): boolean {
    if (typeof key !== 'string') this.#refuseKey(key)
    const has = this.#loaded.values.has(key)
    if (!has) this.#checkKey(key)
    return has
  }

  set(key: string, value: unknown): this {
    if (typeof key !== 'string') this.#refuseKey(key)
    this.#loaded.values.set(key, value, this.#encode(key, value))
    return this
  }

  update(key: string, change: (current: never) => unknown): never {
    if (typeof key !== 'string') this.#refuseKey(key)
    const { values } = this.#loaded
    // The same function runs again on newer data, where it may return nothing although it did not do so here.
    const checked = (current: unknown) => this.#result(key, change(current as never))
    const value = checked(values.current(key))
    return values.update(key, checked, value, this.#encode(key, value)) as never
  }

  delete(key: string): boolean {
    if (typeof key !== 'string') this.#refuseKey(key)
    this.#checkKey(key)
    return this.#loaded.values.delete(key)
  }

  clear(): this {
    this.#loaded.values.clear()
    this.#loaded.flashes.clear()
    return this
  }

  flash(kind: string, message: unknown): this {
    const encoded = this.#flashCodec(kind).encode(message)
    if (encoded.issues) throw invalidMessage(this.#entry, kind, encoded.issues)
    this.#loaded.flashes.add(kind, copyOf(encoded.value))
    return this
  }

  flashes(kind: string): never[]
  flashes(): Record<string, never[]>
  flashes(kind?: string): unknown {
    const { flashes } = this.#loaded
    const isUnseen = this.#host.isUnseen(this.#entry)
    return this.#each(kind, (each) => (isUnseen ? flashes.peek(each) : flashes.take(each)))
  }

  peek(kind: string): never[]
  peek(): Record<string, never[]>
  peek(kind?: string): unknown {
    const { flashes } = this.#loaded
    return this.#each(kind, (each) => flashes.peek(each))
  }

  persist(maxAge?: number | false): this {
    const entry = this.#entry
    const age = maxAge ?? entry.cookie.maxAge ?? Math.floor(entry.idle / 1000)
    if (age !== false) this.#checkAge(age)
    this.#loaded.persist = age
    return this
  }

  touch(isUse = true): this {
    this.#loaded.isUse = isUse
    return this
  }

  cookie(options: Omit<CookieOptions, 'maxAge'>): this {
    const state = this.#loaded
    state.cookieOptions = this.#entry.cookie.changed(state.cookieOptions, options)
    return this
  }

  regenerate(options: { readonly newRights?: boolean } = {}): this {
    this.#loaded.regenerate(hasNewRights(this.name, options))
    return this
  }

  destroy(): void {
    this.#state = this.#host.end(this.#loaded)
  }

  identify(subject: string | null): this {
    if (this.#entry.store === undefined) {
      throw new UnsupportedError(
        this.name,
        'identify() needs a record store: sessions in the cookie can be neither listed nor ended from elsewhere'
      )
    }
    if (subject !== null && (typeof subject !== 'string' || subject === '')) {
      throw new InvalidValueError(this.name, `identify(): expected a non-empty string or null, got ${typeof subject}`)
    }
    this.#loaded.subject = subject ?? undefined
    return this
  }

  load(): Promise<this> {
    const loading = this.#load()
    // The caller may forget to wait for it, which must not end the process: whoever uses the session is told.
    loading.catch(() => {})
    return loading
  }

  save(): Promise<void> {
    return this.#host.save(this.#entry)
  }

  [INSPECT](_depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    return inspected(this.name, this.#state, options, inspect)
  }

  /** A session that a handler returns would show the browser all that it holds, or nothing. */
  toJSON(): never {
    const instead = 'return what is to be shown of it, such as session.get(key), or all, session.data'
    throw new UnsupportedError(this.name, `is not to be sent as it is: ${instead}`)
  }

  async #load(): Promise<this> {
    if (this.#state === undefined) {
      this.#loading ??= this.#host.load(this.#entry)
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
    this.#host.touch(this.#state)
    return this.#state
  }

  /** The value's stored form. @throws FST_SESSIONS_INVALID_VALUE */
  #encode(key: string, value: unknown): unknown {
    const encoded = key === '__proto__' ? NOT_A_KEY : this.#entry.codec.encodeKey(key, value)
    if (encoded.issues) throw invalidValue(this.#entry, encoded.issues, key)
    return encoded.value
  }

  /** For keys without a value: one that is misspelt never has any. */
  #checkKey(key: string): void {
    const { keys } = this.#entry.codec
    if (keys !== undefined && !keys.includes(key)) throw unknownKey(this.name, key, keys)
  }

  /** JSON has no other keys: what is kept under a symbol would not be saved. */
  #refuseKey(key: never): never {
    throw new InvalidValueError(this.name, `${String(key)}: keys are strings, got ${typeof key}`)
  }

  /** Most functions that return nothing changed the value in place, or forgot to return it. */
  #result(key: string, value: unknown): unknown {
    if (value !== undefined) return value
    throw misuse(
      this.name,
      key,
      'the function given to update() returned undefined: return the new value, or call delete() to remove it'
    )
  }

  #checkAge(age: number): void {
    const { absolute } = this.#entry
    const fault = durationFault(age, COOKIE_AGE)
    if (fault !== undefined) throw new LifetimeError(this.name, `persist(): ${fault}`)
    if (age * 1000 > absolute) {
      throw new LifetimeError(
        this.name,
        `persist(${age}): longer than its absolute lifetime of ${absolute / 1000} s: raise absolute in its definition`
      )
    }
  }

  #flashCodec(kind: string): ValueCodec {
    if (typeof kind !== 'string') this.#refuseKey(kind)
    const { flashes } = this.#entry
    const codec = flashes.get(kind)
    if (codec !== undefined) return codec
    const kinds = [...flashes.keys()].join(', ')
    const known = kinds === '' ? 'it defines none: add flash: z.object({…}) to its definition' : `it has ${kinds}`
    throw new InvalidValueError(this.name, `no flash kind "${kind}"; ${known}`)
  }

  #each(kind: string | undefined, read: (kind: string) => unknown[]): unknown {
    if (kind === undefined) {
      return Object.fromEntries(this.#loaded.flashes.kinds().map((each) => [each, read(each)]))
    }
    this.#flashCodec(kind)
    return read(kind)
  }
}

/** A word that is not understood here would leave the old id with rights that the app means to take from it. */
function hasNewRights(session: string, options: { readonly newRights?: boolean }): boolean {
  const isKnown = isObject(options) && Object.keys(options).every((key) => key === 'newRights')
  const { newRights = false } = Object(options) as { readonly newRights?: unknown }
  if (isKnown && typeof newRights === 'boolean') return newRights
  throw new InvalidValueError(session, 'regenerate(): expected { newRights: true } or nothing')
}

Object.freeze(Object.setPrototypeOf(HandlerSession.prototype, NO_PROPERTIES))
