import type { Messages, Output, Schema } from './schema.js'
import type { KeyOf, Present, Value, ValueOf } from './values.js'

/**
 * Why the cookie that the browser sent gave no session:
 *
 * - `malformed`: the cookie's value is not in a format of this plugin
 * - `too-large`: the cookie's value is longer than any that this plugin writes, or the record is longer than `maxBytes`
 * - `unknown-key`: the cookie was sealed with a key that is not in the ring, or no longer is
 * - `bad-seal`: the seal does not match: the value was changed, or it belongs to another session
 * - `expired`: the idle or absolute lifetime has passed
 * - `cleared`: the session began before `app.sessions.clear()`
 * - `gone`: the store has no such record: the session was destroyed, revoked or evicted, or it expired
 * - `retired`: `regenerate()` replaced the id and its grace has passed; somebody may have stolen it
 * - `schema`: the stored payload does not fit the schema, and neither a migration nor `onInvalid` helped
 * - `newer`: a process of a newer version stored the session in a form that this process can't read. The session is
 *   read-only here: saving a change fails with FST_SESSIONS_NEWER, and only `destroy()` works
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

/** Attributes of a cookie (RFC 6265bis §4.1.2). */
export interface CookieOptions {
  /** The path below which the browser sends the cookie. Default `/`. */
  readonly path?: string
  /** The domain to whose hosts the browser sends the cookie. Default none: only to the host that set it. */
  readonly domain?: string
  /**
   * Whether the browser sends the cookie over HTTPS only. Default `true`. `'auto'`: only if the request came over
   * HTTPS, by `request.protocol`, which respects Fastify's `trustProxy`. Browsers silently drop a secure cookie that is
   * set over plain HTTP; most make an exception for `http://localhost`.
   */
  readonly secure?: boolean | 'auto'
  /** Whether the cookie is hidden from scripts in the page. Default `true`. */
  readonly httpOnly?: boolean
  /**
   * With which requests from other sites the browser sends the cookie. `'lax'` (default): when the user follows a link.
   * `'strict'`: with none. `'none'`: with all; needs `secure`.
   */
  readonly sameSite?: 'lax' | 'strict' | 'none'
  /**
   * How long the browser keeps the cookie, in seconds, but never longer than the session lives. Default none: until the
   * browser is closed. `session.persist()` overrides it for one session.
   */
  readonly maxAge?: number
  /** CHIPS: whether the browser keeps a separate cookie for each top-level site. Default `false`. */
  readonly partitioned?: boolean
  /** Which cookies Chromium evicts first when it has too many. Default none. */
  readonly priority?: 'low' | 'medium' | 'high'
}

/**
 * All values of a session. A key that an empty session can lack is optional. The intersection makes editors show the
 * keys instead of the name `Data`.
 */
export type Data<S> = { readonly [K in KeyOf<Output<S>>]: Value<S, K> } & unknown

/**
 * One named session of one request. Its methods are synchronous: nothing is saved until the response is about to leave
 * (`onSend`) or `save()` is called.
 */
export interface Session<S extends Schema = Schema<Record<string, unknown>>, F = undefined> {
  /** The session's name in the options. */
  readonly name: string
  /**
   * The id of the session's record in its store, the same as in `app.sessions.of(subject)`. It is safe to log and to
   * show, because no cookie can be made from it. A new session gets its id when it is first read. `undefined` on the
   * cookie store.
   */
  readonly id: string | undefined
  /** Whether the session has never been saved. */
  readonly isNew: boolean
  /** Whether saving would write something. */
  readonly isDirty: boolean
  /** When the session began. `regenerate()` does not change it. */
  readonly createdAt: Date
  /** When the session ends unless it is used again. */
  readonly expiresAt: Date
  /** Why the browser's cookie gave an empty session. `undefined` if the cookie was good, or none came. */
  readonly problem: Problem | undefined
  /** The user to whom the session belongs: the first argument of `identify()`. */
  readonly subject: string | undefined
  /** All arguments of `identify()`, the user first. Empty if the session belongs to nobody. */
  readonly subjects: readonly string[]

  /**
   * Aborts when the session ends: when it is destroyed, revoked, cleared or expires, or when a sign-in or new rights
   * cut off this id. For handlers that run for long, such as WebSockets and server-sent events. Its `reason` is an
   * FST_SESSIONS_ENDED error.
   *
   * Other processes notice the end within `watchInterval`, and not while the store is down. The signal does not keep
   * the session alive. It is watched until the response, or the connection of an upgrade, is closed. It does not abort
   * for a session that is not stored.
   * @throws FST_SESSIONS_UNSUPPORTED for a session on the cookie store, which can't be ended from elsewhere.
   * @example request.session('login').signal.addEventListener('abort', () => socket.close(4401, 'signed out'))
   */
  readonly signal: AbortSignal

  /**
   * Returns the value, or the schema's default. A returned object is live: changes to it are detected and saved.
   * @throws FST_SESSIONS_INVALID_VALUE when the schema has no such key.
   */
  get<K extends KeyOf<Output<S>>>(key: K): Value<S, K>
  /**
   * Checks the value against the schema and keeps what the next request will read, as trimmed or coerced by the schema.
   * The session keeps a copy of an object: later changes to the object that was passed in are not saved; `get` returns
   * the copy. When two parallel requests set the same key, the later save wins, unless the definition's `merge`
   * decides.
   * @throws FST_SESSIONS_INVALID_VALUE with session, key and path when the value does not fit the schema.
   */
  set<K extends KeyOf<Output<S>>>(key: K, value: ValueOf<Output<S>, K>): this
  /** Whether the session has a value for the key, which may be a default. */
  has(key: KeyOf<Output<S>>): boolean
  /** Removes the value, so that the key has the schema's default or no value. Returns whether there was a value. */
  delete(key: KeyOf<Output<S>>): boolean
  /**
   * Replaces a value by a function of it, and returns the new value. If a parallel request saved first, the function
   * runs again on the newer value, so it must be safe to call more than once.
   *
   * @throws FST_SESSIONS_INVALID_VALUE when the function returns `undefined`, or a value that does not fit the schema.
   * @example session.update('visits', (visits) => visits + 1)
   */
  update<K extends KeyOf<Output<S>>>(
    key: K,
    change: (current: Value<S, K>) => Present<ValueOf<Output<S>, K>>
  ): Present<ValueOf<Output<S>, K>>
  /** Removes every value and every flash message. The session itself, its id and its subject stay. */
  clear(): this
  /**
   * All values, in a new object. Assigning to that object changes nothing in the session, but the objects in it are
   * live.
   */
  readonly data: Data<S>

  /**
   * Adds a message, of which the session keeps a copy. It lasts until this request or a later one takes it with
   * `flashes`.
   * @throws FST_SESSIONS_INVALID_VALUE when the kind is not defined, or the message does not fit its schema.
   */
  flash<K extends KeyOf<Messages<F>>>(kind: K, message: Messages<F>[K]): this
  /**
   * Returns and removes the messages of a kind, oldest first. In a HEAD request, and by default in a prefetch, they are
   * returned but not removed.
   */
  flashes<K extends KeyOf<Messages<F>>>(kind: K): Messages<F>[K][]
  /** Returns and removes the messages of every kind that has any. */
  flashes(): { [K in KeyOf<Messages<F>>]?: Messages<F>[K][] }
  /** Returns the messages of a kind without removing them. */
  peek<K extends KeyOf<Messages<F>>>(kind: K): Messages<F>[K][]
  /** Returns the messages of every kind that has any, without removing them. */
  peek(): { [K in KeyOf<Messages<F>>]?: Messages<F>[K][] }

  /**
   * "Remember me": the cookie outlives the browser, and both cookie and session last `maxAge` seconds from the last use
   * (default: the definition's `cookie.maxAge`, else its `idle`). The choice is stored in the record, so later
   * responses keep it. `false` goes back to a cookie that ends with the browser, and to the definition's lifetimes.
   * @throws FST_SESSIONS_LIFETIME when `maxAge` is not a whole number of seconds up to 400 days, or longer than the
   * definition's `absolute`.
   */
  persist(maxAge?: number | false): this
  /**
   * Decides whether this request counts as use of the session. `false` leaves the session's end unchanged, even if the
   * request saves changes. `true`, or no argument, makes the request count although it is a HEAD request, or its
   * route's `config` says otherwise.
   *
   * @example if (request.query.poll) request.session('login').touch(false)
   */
  touch(isUse?: boolean): this
  /**
   * Changes attributes of the cookie for this response only. For `maxAge` call `persist()`.
   * @throws FST_SESSIONS_CONFIG when an attribute is wrong, or not allowed with the cookie's name.
   */
  cookie(options: Omit<CookieOptions, 'maxAge'>): this
  /**
   * Gives the session a new id and keeps its data. Call it at sign-in and whenever rights change: it prevents session
   * fixation (OWASP Session Management Cheat Sheet, "Renew the Session ID After Any Privilege Level Change").
   *
   * For the definition's `grace`, the old id still reads what the session held before. If `identify()` names another
   * user in the same request, or `newRights: true` says that rights changed which are kept elsewhere, the old id is cut
   * off: saving a change with it fails with FST_SESSIONS_REPLACED (409), and `destroy()` only clears the cookie of the
   * browser that sent it. Otherwise changes and `destroy()` of requests in flight are carried over to the new id. A
   * request with the old id never gets the new cookie.
   * @throws FST_SESSIONS_INVALID_VALUE when the argument is anything but `{ newRights }`.
   */
  regenerate(options?: { readonly newRights?: boolean }): this
  /**
   * Ends the session: removes it from the store and its cookie from the browser. No parallel request can bring it back.
   */
  destroy(): void
  /**
   * Says to whom the session belongs, so that `app.sessions.of(subject)` lists it and `app.sessions.revoke(subject)`
   * ends it. Call it at sign-in, together with `regenerate()`. Call it with `null` at a sign-out that keeps the
   * session.
   *
   * Further subjects, such as an organisation or the `sid` of a login provider, are listed and revoked like the user.
   * Each call replaces all of them. The first subject is the user: `subject` returns it, and changing it together with
   * `regenerate()` cuts off the old id.
   * @throws FST_SESSIONS_INVALID_VALUE for an empty subject, one that is given twice, or more than 8.
   * FST_SESSIONS_UNSUPPORTED on the cookie store.
   * @example request.session('login').regenerate().identify(user.id, `org:${user.org}`, `sid:${claims.sid}`)
   */
  identify(subject: null): this
  identify(subject: string, ...further: readonly string[]): this
  identify(subject: string | null): this

  /**
   * Reads the session's record, for a session with `load: 'manual'` or one that the route left out. Further calls do
   * nothing.
   * @throws FST_SESSIONS_STORE (503) when its store failed.
   */
  load(): Promise<this>
  /**
   * Reads the session again, to see what other requests have saved since. For handlers that run for long, such as those
   * of a WebSocket. Unsaved changes of this request are dropped, including `regenerate()`, `identify()` and
   * `destroy()`, so `save()` first. If the session has ended it is empty, and `problem` says why. If the id was
   * replaced elsewhere, it reads what the session held before that, and nothing after the grace. On the cookie store it
   * reads the cookie of the request.
   * @throws FST_SESSIONS_STORE (503) when its store failed; the session is then unchanged.
   * @example
   * socket.on('message', async () => {
   *   const login = await request.session('login').reload()
   *   if (login.get('role') === 'admin') …
   * })
   */
  reload(): Promise<this>
  /**
   * Saves this session now. For streams, hijacked replies and WebSockets, where `onSend` runs too late or never.
   * @throws FST_SESSIONS_SAVE when the session could not be saved, or needs a cookie although the headers are already
   * sent.
   */
  save(): Promise<void>
}
