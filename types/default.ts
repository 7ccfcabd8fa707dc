import type { Output, Schema } from './schema.js'
import type { KeyOf, Present, Value, ValueOf } from './values.js'

/**
 * Declares the keys that other plugins put into the default session. A key that is not declared here is read by
 * `get('key')`, as `any`.
 *
 * @example
 * declare module 'fastify-sessions' {
 *   interface PluginValues { returnTo: string }
 * }
 */
// biome-ignore lint/suspicious/noEmptyInterface: the app fills it in by augmentation
export interface PluginValues {}

type Callback = (error?: unknown) => void

/**
 * The members that `request.session` has when the options name a `default` session. Plugins for @fastify/session and
 * @fastify/secure-session call them. Keys of the session's schema are the same values as those of
 * `request.session(name)`. Values under other keys are stored beside them, as JSON.
 */
export interface DefaultSessionMembers<S extends Schema> {
  get<K extends KeyOf<Output<S>>>(key: K): Value<S, K>
  get<K extends keyof PluginValues>(key: K): PluginValues[K] | undefined
  // biome-ignore lint/suspicious/noExplicitAny: as the types of those plugins have it
  get(key: string): any
  /**
   * Sets a value; `undefined` removes it.
   * @throws FST_SESSIONS_INVALID_VALUE when the schema refuses it, or JSON can't hold it
   */
  set<K extends KeyOf<Output<S>>>(key: K, value: ValueOf<Output<S>, K> | undefined): void
  set<K extends keyof PluginValues>(key: K, value: PluginValues[K] | undefined): void
  set<K extends string>(key: K extends KeyOf<Output<S>> | keyof PluginValues ? never : K, value: unknown): void
  /** All values in a new object: those of the session's schema and those of other plugins. */
  // biome-ignore lint/suspicious/noExplicitAny: as the types of those plugins have it
  data(): any
  /**
   * Changes attributes of the cookie for this response. `maxAge`, in seconds, and `expires` are stored, as by
   * `persist()`.
   */
  options(options: object): void
  /** Makes this request count as use of the session. */
  touch(): void
  /**
   * Without `keep`: ends the session and begins a new one. With `keep`: gives the session a new id and keeps only the
   * values of those keys. The subject and all flash messages are dropped in both cases.
   */
  regenerate(keep?: readonly string[]): Promise<void>
  regenerate(callback: Callback): void
  regenerate(keep: readonly string[], callback: Callback): void
  /** Saves the session now. */
  save(): Promise<void>
  save(callback: Callback): void
  /** Reads the session again. Unsaved changes are dropped. */
  reload(): Promise<void>
  reload(callback: Callback): void
  /** Ends the session. */
  destroy(): Promise<void>
  destroy(callback: Callback): void
  /** Ends the session. */
  delete(): void
  /** The id of the session's record in its store; no cookie can be made from it. `undefined` on the cookie store. */
  readonly sessionId: string | undefined
  /** Whether saving would write something. Setting it to `true` counts as `touch()`. */
  changed: boolean
  /** Whether the session was ended in this request. */
  readonly deleted: boolean
}

type Written<T> = T extends undefined ? never : Present<T>

/**
 * The schema's keys as properties, except those that have the name of a member: these are read by `get()` and written
 * by `set()`.
 */
type Properties<S extends Schema> = {
  -readonly [K in KeyOf<Output<S>> as K extends keyof DefaultSessionMembers<S> ? never : K]:
    | Written<ValueOf<Output<S>, K>>
    | Extract<Value<S, K>, undefined>
}

/** The type of the default session: what `request.session` has besides being callable by name. */
export type DefaultSession<S extends Schema> = DefaultSessionMembers<S> & Properties<S> & Partial<PluginValues>
