import type {} from 'fastify'
import type { DefaultSession } from './default.js'
import type { Why } from './history.js'
import type { Definition, Key, StoreFromApp } from './options.js'
import type { Schema } from './schema.js'
import type { Session } from './session.js'
import type { Store } from './store.js'

/**
 * Declares the app's sessions to the compiler. Augment it once:
 *
 * @example
 * declare module 'fastify-sessions' {
 *   interface Register { options: typeof options }
 * }
 */
// biome-ignore lint/suspicious/noEmptyInterface: the app fills it in by augmentation
export interface Register {}

type Registered = Register extends { readonly options: { readonly sessions: infer D } } ? D : Unregistered

/** Used without an augmentation: every name is accepted, and every value is `unknown`. */
type Unregistered = Record<string, Definition<Schema<Record<string, unknown>>, Schema<Record<string, unknown>>>>

/** The names of the app's sessions. */
export type SessionName = keyof Registered & string

type SessionOf<D> = D extends { readonly schema: infer S extends Schema; readonly flash?: infer F }
  ? Session<S, F>
  : never

/** The type of the session with this name or definition. */
export type SessionFor<K> = K extends SessionName ? SessionOf<Registered[K]> : SessionOf<K>

type DefaultName = Register extends { readonly options: { readonly default?: infer Name } }
  ? Extract<Name, SessionName>
  : never

/**
 * The members that `request.session` has besides being callable: those of the session that the option `default` names.
 */
type DefaultOf<Name extends string> = [Name] extends [keyof Registered]
  ? [Name] extends [never]
    ? unknown
    : Registered[Name] extends { readonly schema: infer S extends Schema }
      ? DefaultSession<S>
      : unknown
  : unknown

/** The type of `app.sessions`. */
export interface Sessions {
  /**
   * Adds a session. For plugins that bring a session of their own; call it before the app is ready.
   * @throws FST_SESSIONS_CONFIG when the definition is wrong, the name is taken, or the app is already ready.
   * @example
   * const wizard = defineSession({ schema: z.object({ step: z.number().default(1) }) })
   * app.sessions.define('wizard', wizard)
   * app.get('/wizard', async (request) => request.session(wizard).get('step'))
   */
  define(name: string, definition: Definition): void
  /**
   * Adds a store, or a function that creates it from the app. Call it before the app is ready.
   * @throws FST_SESSIONS_CONFIG when it is not a store, the name is taken, or the app is already ready.
   */
  addStore(name: string, store: Store | StoreFromApp): void
  /**
   * Replaces the key ring while the app runs: the first key seals cookies, every key opens them. A cookie that was
   * sealed with an older key is sealed anew with the next response.
   * @throws FST_SESSIONS_CONFIG when the keys are wrong; the ring is then unchanged.
   */
  rotate(keys: readonly (Key | undefined)[]): void
  /**
   * Lists the live sessions of a user in every record store: those for which `session.identify()` named the user. The
   * session that was given to the user last, by `identify()` or by `regenerate()`, comes first. With `limit` and
   * `after` it lists a part: at most `limit` sessions, those after the session with this `cursor`.
   * @throws FST_SESSIONS_CONFIG before the app is ready. Rejects when a store fails.
   * @example
   * const devices = await app.sessions.of(user.id, { limit: 20 })
   * const more = await app.sessions.of(user.id, { limit: 20, after: devices.at(-1)?.cursor })
   */
  of(subject: string, options?: ListOptions): Promise<readonly SubjectSession[]>
  /**
   * Ends the sessions of a user that `of` lists: all of them, all `except` one (such as that of this request), or
   * `only` one. Resolves to how many it ended.
   *
   * A session that is regenerated or signed in at the same time is either ended too, or counts as later. A session that
   * passes to another user at the same time is either ended before that, or not at all. If it rejects, the sessions
   * that it ended so far stay ended.
   * @throws FST_SESSIONS_CONFIG before the app is ready. FST_SESSIONS_CONFLICT (503) when parallel requests kept
   * changing the sessions to end.
   * @example await app.sessions.revoke(user.id, { except: request.session('login') })
   */
  revoke(subject: string, which?: Which): Promise<number>
  /**
   * Returns the sessions of a browser for a `Cookie` header without a Fastify request: in the `upgrade` of a socket
   * that another library accepts, behind another server, or in a job that was handed the header. It reads their
   * records, as the plugin does before a handler. Sessions with `load: 'manual'` are read by `session.load()`.
   * @param cookieHeader the text of the header; `undefined` if there was none
   * @throws FST_SESSIONS_CONFIG before the app is ready.
   * @example
   * const browser = await app.sessions.fromHeader(socket.request.headers.cookie)
   * const user = browser.session('login').get('user')
   */
  fromHeader(cookieHeader: string | undefined, options?: FromHeaderOptions): Promise<BrowserSessions>
  /**
   * Returns one live session of a record store by its `id`, as `of` lists it, for an admin's page or a job.
   * `undefined`: there is no such session. Opening and reading it does not count as use. Changes are saved only by
   * `session.save()`. No browser can get a new cookie here, so `save()` fails after `regenerate()`, and when something
   * is set after `destroy()`.
   *
   * A record does not hold its session's name unless several sessions share the store. So opening a record under
   * another session's name may read it with the wrong schema.
   * @throws FST_SESSIONS_CONFIG before the app is ready. FST_SESSIONS_UNSUPPORTED for a session on the cookie store.
   * FST_SESSIONS_STORE (503) when its store failed.
   * @example
   * const cart = await app.sessions.open('cart', id)
   * cart?.set('items', [])
   * await cart?.save()
   */
  open<const K extends SessionName | Definition>(nameOrDefinition: K, id: string): Promise<SessionFor<K> | undefined>
  /**
   * Lists the live sessions of a record store, of all users, one page at a time, for an admin's page or a job.
   * Following `next` to the last page lists every session that lives throughout, in the engine's own order. Sessions
   * that begin, end or get a new id meanwhile may be listed or not.
   * @throws FST_SESSIONS_UNSUPPORTED for a store that can't iterate over its records: see docs/stores.md.
   * FST_SESSIONS_CONFIG before the app is ready, or when there is no record store of that name.
   * @example
   * for (let page = await app.sessions.list(); ; page = await app.sessions.list({ after: page.next })) {
   *   count += page.sessions.length
   *   if (page.next === undefined) break
   * }
   */
  list(options?: PageWanted): Promise<SessionPage>
  /**
   * Tells why a session ended, by its `session.id`, or why a user's last session ended, by what `identify()` was told.
   * The answer comes from the entries that the option `history` keeps, and says so where they do not tell.
   * @throws FST_SESSIONS_CONFIG without that option, or before the app is ready. Rejects when the store of the history
   * fails.
   * @example const { reason } = await app.sessions.why(user.id)
   */
  why(idOrSubject: string): Promise<Why>
  /**
   * Ends every session of every store: removes the records, and refuses sealed cookies from before this call. This
   * process refuses them in any case, every other process only if the option `clearMarker` names a store.
   * @throws FST_SESSIONS_CONFIG before the app is ready. Rejects when a store fails.
   */
  clear(): Promise<void>
}

export interface FromHeaderOptions {
  /**
   * The protocol by which the browser reaches the app. It decides whether cookies with `secure: 'auto'` are `Secure`.
   * Default `'https'`.
   */
  readonly protocol?: 'https' | 'http'
}

/** The sessions of a browser, without a Fastify request. */
export interface BrowserSessions {
  /**
   * Returns the session of a name, the same object at each call.
   * @throws FST_SESSIONS_STORE (503) when its store failed, unless its definition says `onStoreError: 'empty'`.
   * FST_SESSIONS_UNKNOWN when there is no such session.
   */
  session<const K extends SessionName | Definition>(nameOrDefinition: K): SessionFor<K>
  /**
   * Saves all changed sessions together and renews those that are due, as the plugin does before a response leaves.
   * @returns the `Set-Cookie` header values to send to the browser, empty if its cookies stay as they are. If they
   * can't be sent, only changes to sessions on record stores whose cookie the browser already has take effect.
   * @throws FST_SESSIONS_SAVE with one error for each session that failed.
   */
  commit(): Promise<readonly string[]>
  /** Call it when the browser's connection is closed: it stops watching the sessions for their `signal`. */
  close(): void
}

export interface ListOptions {
  /** The most sessions to return, a whole number from 1. Default: all. */
  readonly limit?: number | undefined
  /**
   * The `cursor` of the session after which the list starts. That session may have ended meanwhile. Default: the start
   * of the list, with the newest session.
   */
  readonly after?: string | undefined
}

export interface PageWanted {
  /** The name of the record store. Default: the app's only record store. */
  readonly store?: string | undefined
  /**
   * About how many records to read, from 1 to 1000. Some records are not sessions, so a page may have fewer sessions,
   * or none. Default 100.
   */
  readonly limit?: number | undefined
  /** The `next` of the previous page, which another process may have read. Default: the first page. */
  readonly after?: string | undefined
}

export interface SessionPage {
  readonly sessions: readonly StoredSession[]
  /** Where the next page begins. `undefined` on the last page. */
  readonly next: string | undefined
}

export interface StoredSession {
  /** The id that `session.id` returns in a request of that session. */
  readonly id: string
  /**
   * The session's name in the options. `undefined` when several sessions share the store and the process that saved
   * this one did not store its name, or when no definition has that name any more.
   */
  readonly name: string | undefined
  /** All arguments of `identify()`, the user first. Empty if the session belongs to nobody. */
  readonly subjects: readonly string[]
  /** When the session began. */
  readonly createdAt: Date
  /** When the session ends unless it is used again. */
  readonly expiresAt: Date
}

export type Which =
  | { readonly except: { readonly id: string | undefined } | string }
  | { readonly only: { readonly id: string | undefined } | string }

export interface SubjectSession {
  /** The session's name in the options. */
  readonly name: string
  /** The id that `session.id` returns in a request of that session. */
  readonly id: string
  /** All arguments of `identify()`, the user first. */
  readonly subjects: readonly string[]
  /** The session's place in the list, for `of(user, { after })`: letters, digits, `_`, `-` and `.`, safe in a link. */
  readonly cursor: string
  /** When the session began. */
  readonly createdAt: Date
  /** When the session was last used, to the precision of `touchAfter`. */
  readonly usedAt: Date
  /** When the session ends unless it is used again. */
  readonly expiresAt: Date
  /** Whether the session's cookie outlives the browser. */
  readonly persistent: boolean
  /** All values of the session. `undefined` if the stored payload does not fit the schema. */
  readonly data: Readonly<Record<string, unknown>> | undefined
}

/** The type of `config.sessions` of a route. A list of names alone, or `false`, stands for `{ load }`. */
export type RouteSessions<Name extends string> =
  | false
  | readonly Name[]
  | {
      /**
       * The sessions that are read before the route's handler: those named, or none. Default: all with `load: 'auto'`.
       */
      readonly load?: false | readonly Name[]
      /**
       * Whether the route's requests count as use of a session. With `false` they never move a session's end, even when
       * they save changes. Set it for requests that a page sends by itself, such as polling: then a session lives as
       * long as its user is active, not as long as a timer runs. Default `true`.
       */
      readonly touch?: boolean
      /**
       * Never set. Without it the compiler would accept an array of unknown names as these settings, all of which are
       * optional.
       */
      readonly length?: never
    }

/**
 * Returns the session of a name, the same object at each call.
 * @throws FST_SESSIONS_STORE (503) when its store failed, unless its definition says `onStoreError: 'empty'`.
 * FST_SESSIONS_UNKNOWN when there is no such session. FST_SESSIONS_NOT_LOADED in a hook that runs before the plugin's.
 * FST_SESSIONS_SCHEMA when the stored payload does not fit the schema, and the definition says `onInvalid: 'throw'`.
 */
type SessionByName = <const K extends SessionName | Definition>(nameOrDefinition: K) => SessionFor<K>

/**
 * The members that the plugin adds to a request. Cast to it where the types of another session plugin declare
 * `request.session`: `(request as FastifyRequest & SessionsRequest).session('cart')`. That is the case while an app
 * moves from one plugin to the other, and beside @fastify/passport, which takes the types of @fastify/secure-session if
 * that is installed.
 */
export interface SessionsRequest {
  /** Returns the session of a name. If the options have a `default`, it is also that session itself. */
  session: SessionByName & DefaultOf<DefaultName>
  /**
   * Saves all changed sessions now, together.
   * @throws FST_SESSIONS_SAVE with one error for each session that failed.
   */
  saveSessions(): Promise<void>
}

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Operations on the app's sessions as a whole: listing and ending those of a user, rotating keys, adding sessions
     * and stores.
     */
    sessions: Sessions
  }
  interface FastifyRequest {
    /** Returns the session of a name. If the options have a `default`, it is also that session itself. */
    session: SessionsRequest['session']
    /**
     * Saves all changed sessions now, together.
     * @throws FST_SESSIONS_SAVE with one error for each session that failed.
     */
    saveSessions(): Promise<void>
  }
  interface FastifyContextConfig {
    /** Which sessions are read before this route's handler, and whether its requests count as use. */
    sessions?: RouteSessions<SessionName>
  }
}
