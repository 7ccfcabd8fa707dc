import type { Messages, Output, Schema } from './schema.js'
import type { KeyOf, Present, Value, ValueOf } from './values.js'

/**
 * Why a session that the browser asked for could not be had, although the browser sent a cookie for it:
 *
 * - `malformed`: the cookie's value is not one of this plugin's
 * - `too-large`: the cookie's value is longer than any this plugin makes, or the record than the definition's `maxBytes`
 * - `unknown-key`: sealed with a key that is not in the ring (any more)
 * - `bad-seal`: the seal is broken: the value was changed, or belongs to another session
 * - `expired`: its lifetime, idle or absolute, is over
 * - `cleared`: sealed before `app.sessions.clear()`
 * - `gone`: the store has no such record: destroyed, revoked, expired or evicted
 * - `retired`: the id was replaced by `regenerate()` and its grace is over; it may have been stolen
 * - `schema`: what is stored does not fit the schema, and no migration helped
 * - `newer`: a process of a newer version stored it, in a form that this one can't read. It is read-only here: saving a
 *   change is an error, and only `destroy()` works
 * - `store`: the store failed, and the definition says `onStoreError: 'empty'`
 */
export type Problem =
  | 'malformed'
  | 'too-large'
  | 'unknown-key'
  | 'bad-seal'
  | 'expired'
  | 'cleared'
  | 'gone'
  | 'retired'
  | 'schema'
  | 'newer'
  | 'store'

/** Attributes of a cookie, RFC 6265bis section 4.1.2. */
export interface CookieOptions {
  /** Default `/`. */
  readonly path?: string
  /** Default none: only the host that set it gets it back. */
  readonly domain?: string
  /**
   * Default `true`. `'auto'`: on HTTPS only, as `request.protocol` tells, which heeds Fastify's `trustProxy`. Browsers
   * drop a secure cookie that comes by plain HTTP, without a word; most make an exception for `http://localhost`.
   */
  readonly secure?: boolean | 'auto'
  /** Default `true`: scripts in the page can't read it. */
  readonly httpOnly?: boolean
  /** Which requests of other sites it comes with: `'lax'` (default): links that are followed; `'strict'`: none. */
  readonly sameSite?: 'lax' | 'strict' | 'none'
  /**
   * How long the browser keeps the cookie, in seconds; never longer than the session lives. Default none: until the
   * browser is closed. `session.persist()` overrides it for one session.
   */
  readonly maxAge?: number
  /** CHIPS: a jar of its own for each top-level site. Default `false`. */
  readonly partitioned?: boolean
  /** Chromium's eviction hint. Default none. */
  readonly priority?: 'low' | 'medium' | 'high'
}

/** What a session holds as a whole: keys that an empty session can lack are optional. Shown key by key, not by its name. */
export type Data<S> = { readonly [K in KeyOf<Output<S>>]: Value<S, K> } & unknown

/**
 * One named session of one request. Synchronous: nothing is saved until the response is about to leave (`onSend`) or
 * `save()` is called.
 */
export interface Session<S extends Schema = Schema<Record<string, unknown>>, F = undefined> {
  /** The name in the options. */
  readonly name: string
  /**
   * Names the record in its store; safe to log and to show, since no cookie can be made from it. The same as in
   * `app.sessions.of(subject)`. A new session gets it when it is first asked for. `undefined` on the cookie store.
   */
  readonly id: string | undefined
  /** `true` until the session has been saved for the first time. */
  readonly isNew: boolean
  /** `true` when saving would write something. */
  readonly isDirty: boolean
  /** When the session began; `regenerate()` does not change it. */
  readonly createdAt: Date
  /** When the session ends if it isn't used again. */
  readonly expiresAt: Date
  /** Why the browser's cookie gave an empty session; `undefined` when all is well, or no cookie came. */
  readonly problem: Problem | undefined
  /** The user whose session this is, as told to `identify()`. */
  readonly subject: string | undefined
  /** All that `identify()` was told, the user first; empty where it is nobody's. */
  readonly subjects: readonly string[]

  /**
   * Aborts when the session ends, wherever that is done: destroyed, revoked, cleared, expired, or cut off from this id by a
   * sign-in. For handlers that work for long: WebSockets, server-sent events. Its `reason` is an FST_SESSIONS_ENDED. Other
   * processes learn of it within `watchInterval`; while the store is down nobody does. It does not keep the session alive,
   * and is watched until the response, or the connection of an upgrade, is closed. A session that is not stored does not end.
   * @throws FST_SESSIONS_UNSUPPORTED for a session on the cookie store, which nobody else can end.
   * @example request.session('login').signal.addEventListener('abort', () => socket.close(4401, 'signed out'))
   */
  readonly signal: AbortSignal

  /** The value, or the schema's default. An object that it gives is live: a change to it is noticed and saved. */
  get<K extends KeyOf<Output<S>>>(key: K): Value<S, K>
  /**
   * Checks the value against the schema and keeps what the schema makes of it, as the next request will read it. Of an
   * object a copy is kept, for which to ask by `get`; what the app goes on holding is not the session's. Two parallel
   * requests that set one key: the later wins, or the definition's `merge` decides.
   * @throws FST_SESSIONS_INVALID_VALUE with session, key and path when the value does not fit the schema.
   */
  set<K extends KeyOf<Output<S>>>(key: K, value: ValueOf<Output<S>, K>): this
  /** Whether the session holds a value for the key, be it a default. */
  has(key: KeyOf<Output<S>>): boolean
  /** Removes the value: what is left is the schema's default, or none. `true` if there was one. */
  delete(key: KeyOf<Output<S>>): boolean
  /**
   * Replaces a value by a function of it, and returns the new value. When a parallel request saved first, the function
   * runs again on the newer value, so it must not depend on anything that can't be repeated.
   *
   * @throws FST_SESSIONS_INVALID_VALUE when the function returns `undefined`, or what does not fit the schema.
   * @example session.update('visits', (visits) => visits + 1)
   */
  update<K extends KeyOf<Output<S>>>(
    key: K,
    change: (current: Value<S, K>) => Present<ValueOf<Output<S>, K>>
  ): Present<ValueOf<Output<S>, K>>
  /** Removes every value and every flash message; the session itself, its id and its subject stay. */
  clear(): this
  /** All values, as an object of its own: what is put into it is not kept, while the objects in it are live. */
  readonly data: Data<S>

  /** Leaves a message of a kind, a copy of it, until it is read, by this request or a later one. */
  flash<K extends KeyOf<Messages<F>>>(kind: K, message: Messages<F>[K]): this
  /**
   * Takes the messages of a kind, oldest first: they are gone for the next reader. In a HEAD request, and by default in a
   * prefetch, they stay.
   */
  flashes<K extends KeyOf<Messages<F>>>(kind: K): Messages<F>[K][]
  /** Takes the messages of every kind that has any. */
  flashes(): { [K in KeyOf<Messages<F>>]?: Messages<F>[K][] }
  /** Like `flashes`, without taking. */
  peek<K extends KeyOf<Messages<F>>>(kind: K): Messages<F>[K][]
  /** The messages of every kind that has any, without taking them. */
  peek(): { [K in KeyOf<Messages<F>>]?: Messages<F>[K][] }

  /**
   * "Remember me": the cookie outlives the browser, and the session lives, for `maxAge` seconds since its last use
   * (default: the definition's `cookie.maxAge`, else its `idle`). Kept in the record, so that later responses keep it.
   * `false`: a cookie that ends with the browser, and the definition's lifetimes.
   * @throws FST_SESSIONS_LIFETIME when `maxAge` is longer than the definition's `absolute`.
   */
  persist(maxAge?: number | false): this
  /**
   * Whether this request counts as use of the session: `false` leaves its end where it is, also when the request writes;
   * `true`, or nothing, counts after all where a route's `config` or a HEAD request would not.
   *
   * @example if (request.query.poll) request.session('login').touch(false)
   */
  touch(isUse?: boolean): this
  /** Changes attributes of the cookie for this response only. */
  cookie(options: Omit<CookieOptions, 'maxAge'>): this
  /**
   * A new id for the same data. Call it whenever rights change, above all right at sign-in: it stops session
   * fixation (OWASP Session Management Cheat Sheet, "Renew the Session ID After Any Privilege Level Change").
   *
   * For the definition's `grace`, the old id still reads what it held before. When the user changes in the same request
   * by `identify()`, or with `newRights: true`, for rights that are kept elsewhere, the old id is cut off: to save a
   * change with it fails with FST_SESSIONS_REPLACED (409), and `destroy()` ends nothing but the cookie of the browser
   * that asked. Without, changes and `destroy()` of requests in flight are carried over to the new id. The old id is
   * never given a cookie.
   */
  regenerate(options?: { readonly newRights?: boolean }): this
  /** Ends the session: gone from the store and from the browser, and no parallel request brings it back. */
  destroy(): void
  /**
   * Says whose session this is, so that `app.sessions.of(subject)` lists it and `app.sessions.revoke(subject)` ends
   * it. Call it at sign-in, together with `regenerate()`; `null` at a sign-out that keeps the session.
   *
   * Behind the user there may be more, such as an organisation or the `sid` of a login provider: each is listed and revoked
   * alike, and all are said anew with each call. The first is the user: a change of that one cuts off the old id, and
   * `subject` gives it.
   * @throws FST_SESSIONS_INVALID_VALUE for an empty one, one that is given twice, or more than 8.
   * @example request.session('login').regenerate().identify(user.id, `org:${user.org}`, `sid:${claims.sid}`)
   */
  identify(subject: null): this
  identify(subject: string, ...further: readonly string[]): this
  identify(subject: string | null): this

  /** Reads the record of a session with `load: 'manual'`, or of a route that left it out. Once; later calls do nothing. */
  load(): Promise<this>
  /**
   * Reads the session anew, for handlers that work for long, such as those of a WebSocket: what others have saved since is seen
   * then. What was changed here and not saved is dropped, also `regenerate()`, `identify()` and `destroy()`: `save()` first what
   * is to be kept. Where the session has ended it is empty, and `problem` says why. An id that was replaced elsewhere reads
   * what it held before, and after its grace nothing. On the cookie store: what the cookie of the request held.
   * @throws FST_SESSIONS_STORE (503) when its store failed; the session is then as it was.
   * @example
   * socket.on('message', async () => {
   *   const login = await request.session('login').reload()
   *   if (login.get('role') === 'admin') …
   * })
   */
  reload(): Promise<this>
  /**
   * Saves this session now: for streams, hijacked replies and WebSockets, where `onSend` comes too late or never.
   * @throws FST_SESSIONS_SAVE when it could not be saved, or needs a cookie although the headers are already sent.
   */
  save(): Promise<void>
}
