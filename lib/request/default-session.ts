import type { CookieOptions } from '../../types/session.js'
import { InvalidValueError, UnsupportedError } from '../errors.js'
import { COOKIE } from '../options/names.js'
import { NOT_A_KEY } from '../session/invalid-value.js'
import { PluginValues } from '../session/plugin-values.js'
import type { SessionState } from '../session/state.js'
import { HandlerSession } from './handler-session.js'

type Callback = (error?: unknown) => void

/** Cookie attributes in the form of @fastify/cookie: `maxAge` is in seconds, and unknown properties are ignored. */
type TheirOptions = Readonly<Record<string, unknown>>

/**
 * A session with the members that plugins for @fastify/session and @fastify/secure-session expect. Keys that the schema
 * knows are values of the typed session. All other keys are stored beside them.
 */
export class DefaultSession {
  readonly #session: () => HandlerSession

  /**
   * @param session returns the session; called for each access, because the session may not be loaded yet, or its store
   * may have failed
   */
  constructor(session: () => HandlerSession) {
    this.#session = session
  }

  get sessionId(): string | undefined {
    return this.#session().id
  }

  get changed(): boolean {
    return this.#session().isDirty
  }

  /** Other plugins set `changed` to renew the session. */
  set changed(isChanged: boolean) {
    if (isChanged) this.touch()
  }

  get deleted(): boolean {
    return this.#state.clearsCookie
  }

  /**
   * Throws, because there is no such object: otherwise `session.cookie.maxAge = …` would fail without a hint.
   * @throws FST_SESSIONS_UNSUPPORTED always
   */
  get cookie(): never {
    throw new UnsupportedError(
      this.#session().name,
      'has no "cookie" object: write request.session.options({ maxAge: seconds }), or persist(seconds) of the session'
    )
  }

  set cookie(_value: unknown) {
    void this.cookie
  }

  get(key: string): unknown {
    if (this.#isOfSchema(key)) return this.#session().get(key)
    const value = this.#others.get(key)
    // Changes within a returned object are not announced, so the session has to be compared later.
    if (typeof value === 'object') HandlerSession.changing(this.#session())
    return value
  }

  /** Sets a value; `undefined` removes it. @throws FST_SESSIONS_INVALID_VALUE */
  set(key: string, value: unknown): void {
    if (typeof key !== 'string') this.#refuse(String(key), `keys are strings, got ${typeof key}`)
    if (this.#isOfSchema(key)) this.#session().set(key, value)
    else if (key === '__proto__') this.#refuse(key, NOT_A_KEY.issues?.[0]?.message as string)
    else this.#changing.set(key, value)
  }

  has(key: string): boolean {
    return this.#isOfSchema(key) ? this.#session().has(key) : this.#others.has(key)
  }

  remove(key: string): void {
    if (this.#isOfSchema(key)) this.#session().delete(key)
    else this.#changing.delete(key)
  }

  keys(): string[] {
    const { view } = this.#state.content.values
    return [...Object.keys(view).filter((key) => view[key] !== undefined), ...this.#others.keys()]
  }

  data(): Record<string, unknown> {
    return Object.fromEntries(this.keys().map((key) => [key, this.get(key)]))
  }

  touch(): void {
    this.#session().touch()
  }

  options(options: TheirOptions): void {
    const session = this.#session()
    session.cookie(attributesOf(options))
    const age = ageOf(options)
    if (age !== undefined) session.persist(age)
  }

  /**
   * Without `keep` the session ends and a new one begins, so an app that signs out by this call does sign out. With
   * `keep` the session goes on under a new id with the values of those keys only, and above all without its subject.
   */
  regenerate(keep?: readonly string[] | Callback, callback?: Callback): Promise<void> | undefined {
    if (typeof keep === 'function') return this.regenerate(undefined, keep)
    return answer(() => (Array.isArray(keep) ? this.#renew(keep) : this.#session().destroy()), callback)
  }

  destroy(callback?: Callback): Promise<void> | undefined {
    return answer(() => this.#session().destroy(), callback)
  }

  delete(): void {
    this.#session().destroy()
  }

  save(callback?: Callback): Promise<void> | undefined {
    return answerLater(this.#session().save(), callback)
  }

  reload(callback?: Callback): Promise<void> | undefined {
    return answerLater(this.#session().reload(), callback)
  }

  #renew(keep: readonly string[]): void {
    const kept = keep.filter((key) => this.has(key)).map((key) => [key, this.get(key)] as const)
    HandlerSession.changing(this.#session()).content.subjects = []
    this.#session().clear().regenerate({ newRights: true })
    for (const [key, value] of kept) this.set(key, value)
  }

  get #state(): SessionState {
    return HandlerSession.stateOf(this.#session())
  }

  get #changing(): PluginValues {
    HandlerSession.changing(this.#session())
    return this.#others
  }

  get #others(): PluginValues {
    const { definition, content } = this.#state
    content.pluginValues ??= new PluginValues(definition.name, content.flashes)
    return content.pluginValues
  }

  /**
   * Whether the typed session holds the key. Where the schema does not name its keys, a key counts if the session has a
   * value for it.
   */
  #isOfSchema(key: string): boolean {
    const { definition, content } = this.#state
    return definition.codec.named.includes(key) || content.values.has(key)
  }

  #refuse(key: string, message: string): never {
    throw new InvalidValueError(this.#session().name, `${key}: ${message}`, [{ path: [key], message }])
  }
}

function attributesOf(options: TheirOptions): CookieOptions {
  const known = Object.entries(options).filter(
    ([name, value]) => name !== 'maxAge' && COOKIE.includes(name) && isMeant(name, value)
  )
  return Object.fromEntries(
    known.map(([name, value]) => [name, name === 'sameSite' && value === true ? 'strict' : value])
  )
}

/**
 * Whether an attribute is to be set. `sameSite: false` means to leave the attribute out, which browsers treat as
 * `'lax'`, the default here.
 */
function isMeant(name: string, value: unknown): boolean {
  return value !== undefined && !(name === 'sameSite' && value === false)
}

/** Returns the age that `maxAge` or `expires` asks for, in seconds. */
function ageOf({ maxAge, expires }: TheirOptions): number | undefined {
  if (typeof maxAge === 'number') return Math.floor(maxAge)
  return expires instanceof Date ? Math.ceil((expires.getTime() - Date.now()) / 1000) : undefined
}

/**
 * Runs `work` at once and reports the result in the caller's style: by the returned promise, or by the callback.
 * Without a callback an error is thrown, so that a caller who ignores the promise learns of it too.
 */
function answer(work: () => unknown, callback: Callback | undefined): Promise<void> | undefined {
  if (callback === undefined) {
    work()
    return Promise.resolve()
  }
  let failure: unknown
  try {
    work()
  } catch (error) {
    failure = error
  }
  process.nextTick(callback, failure)
  return undefined
}

function answerLater(work: Promise<unknown>, callback: Callback | undefined): Promise<void> | undefined {
  if (callback === undefined) return work.then(() => {})
  work.then(
    () => process.nextTick(callback),
    (error) => process.nextTick(callback, error)
  )
  return undefined
}
