import type {} from 'fastify'
import type { DefaultSession } from './default.js'
import type { Why } from './history.js'
import type { Definition, Key, StoreFromApp } from './options.js'
import type { Schema } from './schema.js'
import type { Session } from './session.js'
import type { Store } from './store.js'

/**
 * Tells the types which sessions the app has. Augment it once:
 *
 * @example
 * declare module 'fastify-sessions' {
 *   interface Register { options: typeof options }
 * }
 */
// biome-ignore lint/suspicious/noEmptyInterface: the app fills it in by augmentation
export interface Register {}

type Registered = Register extends { readonly options: { readonly sessions: infer D } } ? D : Unregistered

/** Without an augmentation every name is fine and every value `unknown`. */
type Unregistered = Record<string, Definition<Schema<Record<string, unknown>>, Schema<Record<string, unknown>>>>

/** The names of the app's sessions. */
export type SessionName = keyof Registered & string

type SessionOf<D> = D extends { readonly schema: infer S extends Schema; readonly flash?: infer F }
  ? Session<S, F>
  : never

/** The session of a name, or of a definition. */
export type SessionFor<K> = K extends SessionName ? SessionOf<Registered[K]> : SessionOf<K>

type DefaultName = Register extends { readonly options: { readonly default?: infer Name } }
  ? Extract<Name, SessionName>
  : never

/** What `request.session` is beside being called by name: where the options have a `default`, that session. */
type DefaultOf<Name extends string> = [Name] extends [keyof Registered]
  ? [Name] extends [never]
    ? unknown
    : Registered[Name] extends { readonly schema: infer S extends Schema }
      ? DefaultSession<S>
      : unknown
  : unknown

/** What `app.sessions` offers. */
export interface Sessions {
  /**
   * Adds a session, for plugins that bring one of their own. Until the app is ready.
   * @throws FST_SESSIONS_CONFIG when the definition is wrong, or the app is ready already.
   * @example
   * const wizard = defineSession({ schema: z.object({ step: z.number().default(1) }) })
   * app.sessions.define('wizard', wizard)
   * app.get('/wizard', async (request) => request.session(wizard).get('step'))
   */
  define(name: string, definition: Definition): void
  /** Adds a store, or a function that makes it of the app. Until the app is ready. */
  addStore(name: string, store: Store | StoreFromApp): void
  /** Replaces the key ring while the app runs: the first key seals, all open. What older keys sealed is sealed anew. */
  rotate(keys: readonly (Key | undefined)[]): void
  /**
   * The live sessions of a user, in every record store: those that were told by `session.identify()`. The one that was
   * given to the user last, by `identify()` or with a new id by `regenerate()`, comes first. All of them, or a part:
   * no more than `limit`, those `after` the session of this `cursor`.
   * @throws FST_SESSIONS_CONFIG before the app is ready.
   * @example
   * const devices = await app.sessions.of(user.id, { limit: 20 })
   * const more = await app.sessions.of(user.id, { limit: 20, after: devices.at(-1)?.cursor })
   */
  of(subject: string, options?: ListOptions): Promise<readonly SubjectSession[]>
  /**
   * Ends sessions of a user, those that `of` lists: all, all `except` one (that of this request, say), or `only` one.
   * Resolves to how many. One that is regenerated or signed in at the same time is ended too, or came after; one that
   * passes to another user at the same time is ended before that, or not at all. What was ended stays ended if it rejects.
   * @throws FST_SESSIONS_CONFIG before the app is ready. FST_SESSIONS_CONFLICT (503) when parallel requests kept changing
   * what is to be ended.
   * @example await app.sessions.revoke(user.id, { except: request.session('login') })
   */
  revoke(subject: string, which?: Which): Promise<number>
  /**
   * The sessions of a browser whose `Cookie` header is at hand, but no request of Fastify's: in the `upgrade` of a socket
   * that another library accepts, behind another server, in a job that was handed the header. Reads their records, as is
   * done before a handler; those with `load: 'manual'` by `session.load()`.
   * @param cookieHeader the text of the header; `undefined` where none came
   * @throws FST_SESSIONS_CONFIG before the app is ready.
   * @example
   * const browser = await app.sessions.fromHeader(socket.request.headers.cookie)
   * const user = browser.session('login').get('user')
   */
  fromHeader(cookieHeader: string | undefined, options?: FromHeaderOptions): Promise<BrowserSessions>
  /**
   * One live session on a record store by its `id`, as `of` lists it, for an admin's page or a job; `undefined` if there is
   * none. To look at it does not count as its use, and nothing is saved before `session.save()`. There is no browser that
   * could be given another cookie, so saving fails after `regenerate()`, and after `destroy()` for what comes then.
   *
   * Records don't tell the name of their session: one that is opened by another's name is read by a schema not its own.
   * @throws FST_SESSIONS_CONFIG before the app is ready. FST_SESSIONS_UNSUPPORTED for a session on the cookie store.
   * FST_SESSIONS_STORE (503) when its store failed.
   * @example
   * const cart = await app.sessions.open('cart', id)
   * cart?.set('items', [])
   * await cart?.save()
   */
  open<const K extends SessionName | Definition>(nameOrDefinition: K, id: string): Promise<SessionFor<K> | undefined>
  /**
   * A page of the live sessions of a record store, whoever they are of, for an admin's page or a job. Going on by `next`
   * until there is none lists each session that lives all the while, in an order of the engine's own. What begins, ends or gets
   * a new id meanwhile may be listed or not.
   * @throws FST_SESSIONS_UNSUPPORTED for a store that can't go through its records: see docs/stores.md. FST_SESSIONS_CONFIG
   * before the app is ready, or when there is no record store of that name.
   * @example
   * for (let page = await app.sessions.list(); ; page = await app.sessions.list({ after: page.next })) {
   *   count += page.sessions.length
   *   if (page.next === undefined) break
   * }
   */
  list(options?: PageWanted): Promise<SessionPage>
  /**
   * Why a session ended, or a user's last one: for the id that `session.id` gave, or what `identify()` was told. It goes by
   * what the option `history` keeps, and says so where that can't tell.
   * @throws FST_SESSIONS_CONFIG without that option, or before the app is ready. Rejects when the store of the history fails.
   * @example const { reason } = await app.sessions.why(user.id)
   */
  why(idOrSubject: string): Promise<Why>
  /**
   * Ends every session of every store. Sealed cookies from before are refused from now on, by this process, and by
   * every process where `clearMarker` names a store.
   */
  clear(): Promise<void>
}

export interface FromHeaderOptions {
  /** How the browser reaches the app: decides whether cookies with `secure: 'auto'` are `Secure`. Default `'https'`. */
  readonly protocol?: 'https' | 'http'
}

/** The sessions of a browser, without a request. */
export interface BrowserSessions {
  /**
   * The session of a name, the same object at each call.
   * @throws FST_SESSIONS_STORE (503) when its store failed, unless its definition says otherwise.
   */
  session<const K extends SessionName | Definition>(nameOrDefinition: K): SessionFor<K>
  /**
   * Saves all changed sessions together, and renews those that are due, as is done before a response leaves.
   * @returns the values of the `Set-Cookie` headers that the browser is to get, none if nothing changes for it. Where they
   * can't be sent, changes are kept only of sessions on record stores that the browser has already.
   * @throws FST_SESSIONS_SAVE with one error for each session that failed.
   */
  commit(): Promise<readonly string[]>
  /** The browser has gone: nobody waits for a `signal` of its sessions any more. */
  close(): void
}

export interface ListOptions {
  /** The most sessions to give, a whole number from 1. Default: all. */
  readonly limit?: number | undefined
  /** The `cursor` of the session behind which to begin; it may have ended meanwhile. Default: the newest. */
  readonly after?: string | undefined
}

export interface PageWanted {
  /** The name of the store. Default: the record store, where there is only one. */
  readonly store?: string | undefined
  /** About how many records to look at, 1 to 1000; some are no sessions, so a page may have fewer, or none. Default 100. */
  readonly limit?: number | undefined
  /** The `next` of the page before, also of another process. Default: the first page. */
  readonly after?: string | undefined
}

export interface SessionPage {
  readonly sessions: readonly StoredSession[]
  /** Where the next page begins; `undefined`: there is none. */
  readonly next: string | undefined
}

export interface StoredSession {
  /** What `session.id` gives in a request of that session. */
  readonly id: string
  /**
   * Which of the app's sessions it is. `undefined` where several are in the store, and this one was saved last by a process
   * that did not say, or whose definition is no more.
   */
  readonly name: string | undefined
  /** All whose session it is, as `identify()` was told, the user first; empty where it is nobody's. */
  readonly subjects: readonly string[]
  /** When it began. */
  readonly createdAt: Date
  /** When it ends if it isn't used again. */
  readonly expiresAt: Date
}

export type Which =
  | { readonly except: { readonly id: string | undefined } | string }
  | { readonly only: { readonly id: string | undefined } | string }

export interface SubjectSession {
  /** Which of the app's sessions it is. */
  readonly name: string
  /** What `session.id` gives in a request of that session. */
  readonly id: string
  /** All whose session it is, as `identify()` was told, the user first. */
  readonly subjects: readonly string[]
  /** Its place in the list, for `of(user, { after })`: letters, digits, `_`, `-` and `.`, safe in a link. */
  readonly cursor: string
  /** When it began. */
  readonly createdAt: Date
  /** When it was last used, to the precision of `touchAfter`. */
  readonly usedAt: Date
  /** When it ends if it isn't used again. */
  readonly expiresAt: Date
  /** Whether its cookie outlives the browser. */
  readonly persistent: boolean
  /** What it holds, or `undefined` where that does not fit the schema. */
  readonly data: Readonly<Record<string, unknown>> | undefined
}

/** What a route says of its sessions. A list alone, or `false`, is what is to be loaded. */
export type RouteSessions<Name extends string> =
  | false
  | readonly Name[]
  | {
      /** Which sessions are read before its handler: those named, or none. Default: all with `load: 'auto'`. */
      readonly load?: false | readonly Name[]
      /**
       * `false`: its requests do not count as use: they move no session's end, also where they write. For what a page
       * asks for by itself, so that a session lives as long as its user is there and not as long as a timer runs.
       * Default `true`.
       */
      readonly touch?: boolean
      /** Else a list of other names would pass for these settings, of which it has none. */
      readonly length?: never
    }

/**
 * The session of a name, the same object at each call.
 * @throws FST_SESSIONS_STORE (503) when its store failed, unless its definition says otherwise.
 */
type SessionByName = <const K extends SessionName | Definition>(nameOrDefinition: K) => SessionFor<K>

/**
 * What a request offers. Where another session plugin's types say what `request.session` is, as while an app moves from
 * one to the other, and beside @fastify/passport where @fastify/secure-session is installed, whose types it takes:
 * `(request as FastifyRequest & SessionsRequest).session('cart')`.
 */
export interface SessionsRequest {
  /** The session of a name; where the options have a `default`, that session too. */
  session: SessionByName & DefaultOf<DefaultName>
  /** Saves all changed sessions now, together. @throws FST_SESSIONS_SAVE with one error for each that failed. */
  saveSessions(): Promise<void>
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The app's sessions as a whole: lists and ends those of a user, rotates keys, adds sessions and stores. */
    sessions: Sessions
  }
  interface FastifyRequest {
    /** The session of a name; where the options have a `default`, that session too. */
    session: SessionsRequest['session']
    /** Saves all changed sessions now, together. @throws FST_SESSIONS_SAVE with one error for each that failed. */
    saveSessions(): Promise<void>
  }
  interface FastifyContextConfig {
    /** What is read before this route's handler, and whether its requests count as use. */
    sessions?: RouteSessions<SessionName>
  }
}
