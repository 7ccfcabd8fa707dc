import type { FastifyInstance } from 'fastify'
import type { From } from './from.js'
import type { FlashSchemas, Input, Output, Schema, SchemaIssue } from './schema.js'
import type { CookieSeal } from './seal.js'
import type { CookieOptions } from './session.js'
import type { Awaitable, Store } from './store.js'

/** A secret of at least 32 bytes, given as text (its UTF-8 bytes count) or as bytes. */
export type Key = string | Uint8Array

/** Settings of one session. `SessionsOptions` takes them too, as defaults for every session. */
export interface Shared {
  /** The idle lifetime: how long a session lives after its last use, in seconds. Default 14 days, at most 400 days. */
  readonly idle?: number
  /**
   * The absolute lifetime: how long a session lives after its creation, in seconds, however much it is used. Default 90
   * days, at most 10 years.
   */
  readonly absolute?: number
  /**
   * Throttles renewal: a request that only uses a session writes its new end when this is at least so many seconds
   * later than the stored one. Default a tenth of `idle`, at most 1 hour.
   */
  readonly touchAfter?: number
  /**
   * Whether every request that brings the session's cookie renews the session, even if no handler asks for the session
   * and its end hardly moves. Each response then sets the cookie again, if it outlives the browser, and each request
   * writes to a record store. Default `false`: only use renews a session, throttled by `touchAfter`.
   */
  readonly rolling?: boolean
  /**
   * How long an id that `regenerate()` replaced stays valid for requests in flight, in seconds. Default 10, at most an
   * hour. If the new id came with a sign-in or with new rights, these requests can only read what the session held
   * before.
   */
  readonly grace?: number
  /**
   * What happens when the store can't be read. `'throw'` (default): `request.session(name)` throws FST_SESSIONS_STORE,
   * which answers 503. `'empty'`: the request goes on with an empty session that is not saved.
   */
  readonly onStoreError?: 'throw' | 'empty'
  /**
   * The most bytes of text that a session may take up in a record store; longer records are neither written nor read.
   * Default 1 MiB (1048576). Engines have limits of their own. For the cookie store, see `chunks`.
   */
  readonly maxBytes?: number
  /**
   * Whether changes are saved when the status of the response is 500 or above. Default `false`: only `destroy()` is
   * saved then.
   */
  readonly saveOnError?: boolean
  /**
   * What `flashes()` does in a request that a browser sends ahead of a click (`Sec-Purpose: prefetch`). `'keep'`
   * (default): it returns the messages without taking them, because the page may never be shown. `'take'`: it takes
   * them as in any other request.
   */
  readonly flashOnPrefetch?: 'keep' | 'take'
  /**
   * HTTP status of FST_SESSIONS_INVALID_VALUE, from 400 to 599. Default 500, because the app should have checked the
   * value. Set 400 where the app passes values from the client to the session unchecked.
   */
  readonly invalidValueStatus?: number
}

/** The most sessions of one definition that a user may have at the same time. */
export interface SessionLimit {
  /** How many sessions are allowed, a whole number from 1 to 100. */
  readonly sessions: number
  /**
   * What a sign-in beyond the limit does. `'end-oldest'`: it ends the sessions that were given to the user longest ago,
   * by `identify()` or by `regenerate()`. `'refuse'`: saving it fails with FST_SESSIONS_LIMIT (409).
   */
  readonly then: 'end-oldest' | 'refuse'
}

/** Converts the stored payload of one version, which is JSON, to that of the next or previous version. */
type Step = (payload: unknown) => unknown

interface SessionCookie {
  /** Name of the cookie. Default: the session's name, prefixed with `__Host-` where RFC 6265bis §4.1.3.2 allows it. */
  readonly name?: string
}

/** A definition, except for its flash kinds. */
interface Base<S extends Schema, StoreName extends string> extends Shared {
  /**
   * What the session holds: a `z.object`, or another Standard Schema whose values are JSON. A schema whose values can't
   * be stored and read back is refused at start with FST_SESSIONS_CONFIG.
   */
  readonly schema: S
  /** Name of the session's store, one of `SessionsOptions.stores`. Default `'cookie'`. */
  readonly store?: StoreName
  /** Name and attributes of the session's cookie. They override the attributes in `SessionsOptions`. */
  readonly cookie?: CookieOptions & SessionCookie
  /**
   * How the cookie is sealed. `'encrypt'` (default): the client can neither read nor change it. `'sign'`: the client
   * can read but not change it. A function of `fastify-sessions/seals/…` returns the format of another app.
   */
  readonly seal?: 'encrypt' | 'sign' | CookieSeal
  /**
   * The most cookies, of 4096 bytes each, into which a record of the cookie store may be split, from 1 to 4. Default 1.
   * Node answers 431 when the headers of a request together exceed its `maxHeaderSize`, 16 KiB by default.
   */
  readonly chunks?: number
  /**
   * When a record store is read. `'auto'` (default): before the handler, if the session's cookie came. `'manual'`: only
   * by `await session.load()`.
   */
  readonly load?: 'auto' | 'manual'
  /**
   * The version number of the present schema, a whole number from 1. Default 1. Raise it when stored payloads need a
   * migration.
   */
  readonly version?: number
  /**
   * Migrations by version: `{ 1: (v1) => v2, 2: (v2) => v3 }`. Each step converts the stored payload of its version to
   * the next version. A missing step leaves the payload unchanged.
   *
   * With `{ 1: { up: (v1) => v2, down: (v2) => v1 } }`, processes of the older version can read and change sessions
   * that newer processes stored. For that, the older form is stored beside the payload as long as `down` is there.
   */
  readonly migrate?: { readonly [version: number]: Step | { readonly up: Step; readonly down?: Step } }
  /**
   * What to do with a stored payload that does not fit the schema after migration. `'reset'` (default) starts an empty
   * session with a new id and leaves the old record to expire. `'throw'`: `request.session(name)` throws
   * FST_SESSIONS_SCHEMA. A function returns a repaired payload.
   */
  readonly onInvalid?: 'reset' | 'throw' | ((context: InvalidContext) => Input<S>)
  /**
   * Merge functions by key, for a value that this request and a parallel one both changed. The result is stored. A
   * merge function is called on every such conflict, also when both changes are equal. `base` is the value that both
   * requests started from, `theirs` is already saved, `mine` is this request's. Default: this request's `update()` runs
   * again on `theirs`, and any other change of this request wins.
   */
  readonly merge?: Merge<Output<S>>
  /**
   * Limits the sessions of this definition that a user may have at the same time. The user is the first argument of
   * `identify()`. Concurrent sign-ins are held to the limit too, as far as the store's compare-and-set reaches. Record
   * stores only. Default: no limit.
   */
  readonly limit?: SessionLimit
  /**
   * Sessions of other plugins to take over when a request has no cookie of this session: what the functions of
   * `fastify-sessions/from/…` return. A session on the cookie store that has this option is loaded before the handler,
   * like those on record stores.
   */
  readonly from?: readonly From<Input<S>>[]
}

export interface Definition<
  S extends Schema = Schema,
  F extends FlashSchemas = FlashSchemas,
  StoreName extends string = string
> extends Base<S, StoreName> {
  /** Flash kinds by name, each with the schema of one message. Default none. */
  readonly flash?: F
}

type Merge<T> = {
  readonly [K in keyof T]?: (base: T[K] | undefined, theirs: T[K] | undefined, mine: T[K] | undefined) => T[K]
}

export interface InvalidContext {
  readonly name: string
  /** The stored payload after migration. */
  readonly payload: unknown
  /** The version of the schema under which it was stored. */
  readonly version: number
  readonly issues: readonly SchemaIssue[]
}

/** Declares every option of a definition, so that the compiler reports a missing schema and nothing else. */
type DefinitionWithSchema = { readonly [Option in keyof Base<Schema, string>]: unknown }

/**
 * Creates a store from something that another plugin brings, such as the client of @fastify/redis. It is called once,
 * after all plugins are loaded, so the order of registration does not matter.
 */
export type StoreFromApp = (app: FastifyInstance) => Awaitable<Store>

type Schemas = Record<string, Schema>
type Flashes = Record<string, unknown>

export interface SessionsOptions<
  Stores extends Record<string, Store | StoreFromApp> = Record<string, Store | StoreFromApp>,
  S extends Schemas = Schemas,
  F extends Flashes = Flashes,
  Default extends string = string
> extends Shared {
  /**
   * The key ring: the first key seals cookies, every key opens them. An `undefined` entry, such as an unset environment
   * variable, is refused with FST_SESSIONS_CONFIG.
   */
  readonly keys: readonly (Key | undefined)[]
  /**
   * The app's name, for apps that share keys or a store: no app accepts the sessions of another. Setting or changing it
   * ends every session. Default none.
   */
  readonly app?: string
  /**
   * Stores by name. `cookie` always exists. A function is called with the app once its plugins are loaded, and returns
   * the store: `{ redis: (app) => redisStore({ client: app.redis }) }`.
   */
  readonly stores?: Stores
  /** Definitions by name. Each name is an RFC 6265 token. */
  readonly sessions: { readonly [N in keyof S]: Base<S[N], Extract<keyof Stores | 'cookie', string>> } & {
    readonly [N in keyof F]: DefinitionWithSchema & {
      /** Flash kinds by name, each with the schema of one message. Default none. */
      readonly flash?: F[N]
    }
  }
  /**
   * The name of the default session. `request.session` can still be called by name, and also has the members of this
   * session that plugins for @fastify/session and @fastify/secure-session expect. Default none.
   */
  readonly default?: Default & Extract<keyof S | keyof F, string>
  /** Cookie attributes of every session. A definition overrides them. */
  readonly cookie?: CookieOptions
  /**
   * The interval between sweeps of stores whose engine has no TTL, in seconds. Default 600, at most 14 days; 0 turns
   * sweeping off.
   */
  readonly sweepInterval?: number
  /**
   * The interval at which sessions whose `signal` is in use are checked for their end, in seconds. Each check is one
   * round trip to each store, for all of them. Default 5, at most an hour.
   */
  readonly watchInterval?: number
  /**
   * Names of stores that may be unreachable when the app starts; `true` means any store. Set-up is retried until it
   * succeeds, and requests for sessions of that store get a 503 until then. Default none: the app does not start
   * without its stores.
   */
  readonly startWithout?: true | readonly Extract<keyof Stores, string>[]
  /**
   * Where `app.sessions.clear()` is recorded, so that every process refuses the sealed cookies from before it, also
   * after a restart. `store` names a record store; `refresh` is the least time between two reads of the record, in
   * seconds (default 1). Default: each process remembers only the clearing that it did itself.
   */
  readonly clearMarker?: { readonly store: Extract<keyof Stores | 'cookie', string>; readonly refresh?: number }
  /**
   * What `app.sessions.why()` can look up: how sessions ended, and which cookies were refused. A number keeps so many
   * of the newest entries in the memory of this process. `{ store, keep }` keeps them in a record store that every
   * process can read, for `keep` seconds (default 30 days). Default none.
   */
  readonly history?: number | { readonly store: Extract<keyof Stores | 'cookie', string>; readonly keep?: number }
}
