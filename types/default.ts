import type { Output, Schema } from './schema.js'
import type { KeyOf, Present, Value, ValueOf } from './values.js'

/**
 * Keys that other plugins put into the default session, for the types. What is not listed here is had by
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
 * The members of `request.session` where the options name a `default`: what plugins call that were written for
 * @fastify/session and @fastify/secure-session. Keys of the session's schema are those of
 * `request.session(name)`; what is set under others is kept beside them, as JSON.
 */
export interface DefaultSessionMembers<S extends Schema> {
  get<K extends KeyOf<Output<S>>>(key: K): Value<S, K>
  get<K extends keyof PluginValues>(key: K): PluginValues[K] | undefined
  // biome-ignore lint/suspicious/noExplicitAny: as the types of those plugins have it
  get(key: string): any
  /** `undefined` removes. @throws FST_SESSIONS_INVALID_VALUE when the schema refuses it, or JSON can't hold it */
  set<K extends KeyOf<Output<S>>>(key: K, value: ValueOf<Output<S>, K> | undefined): void
  set<K extends keyof PluginValues>(key: K, value: PluginValues[K] | undefined): void
  set<K extends string>(key: K extends KeyOf<Output<S>> | keyof PluginValues ? never : K, value: unknown): void
  /** All values, copied into an object: the session's own and those of other plugins. */
  // biome-ignore lint/suspicious/noExplicitAny: as the types of those plugins have it
  data(): any
  /** Attributes of the cookie for this response; `maxAge`, in seconds, and `expires` as `persist()` keeps them. */
  options(options: object): void
  /** This request counts as use. */
  touch(): void
  /**
   * Without `keep`: ends the session, and begins a new one. With it: a new id for the values of those keys, and nothing
   * else. The subject goes either way, and messages too.
   */
  regenerate(keep?: readonly string[]): Promise<void>
  regenerate(callback: Callback): void
  regenerate(keep: readonly string[], callback: Callback): void
  /** Saves the session now. */
  save(): Promise<void>
  save(callback: Callback): void
  /** Reads the session anew; what was changed and not saved is dropped. */
  reload(): Promise<void>
  reload(callback: Callback): void
  /** Ends the session. */
  destroy(): Promise<void>
  destroy(callback: Callback): void
  /** Ends the session. */
  delete(): void
  /** Names the record in its store. No cookie can be made from it. `undefined` on the cookie store. */
  readonly sessionId: string | undefined
  /** Whether saving would write something. To set it counts as `touch()`. */
  changed: boolean
  /** Whether the session was ended in this request. */
  readonly deleted: boolean
}

type Written<T> = T extends undefined ? never : Present<T>

/** A member is never a key: such a key is had by `get()` and `set()`. */
type Properties<S extends Schema> = {
  -readonly [K in KeyOf<Output<S>> as K extends keyof DefaultSessionMembers<S> ? never : K]:
    | Written<ValueOf<Output<S>, K>>
    | Extract<Value<S, K>, undefined>
}

/** The default session, beside being called by name. */
export type DefaultSession<S extends Schema> = DefaultSessionMembers<S> & Properties<S> & Partial<PluginValues>
