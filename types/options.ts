import type { FastifyInstance } from 'fastify'
import type { From } from './from.js'
import type { FlashSchemas, Input, Output, Schema, SchemaIssue } from './schema.js'
import type { CookieSeal } from './seal.js'
import type { CookieOptions } from './session.js'
import type { Awaitable, Store } from './store.js'

/** A secret of at least 32 bytes: text (its UTF-8 bytes count) or bytes. */
export type Key = string | Uint8Array

/** Settings of one session; `SessionsOptions` takes those of `Shared` too, as defaults for every session. */
export interface Shared {
  /** How long a session lives after its last use, in seconds. Default 14 days. */
  readonly idle?: number
  /** How long a session lives after its creation, in seconds, used or not. Default 90 days. */
  readonly absolute?: number
  /** How much later the end must be for a use alone to renew it, in seconds. Default a tenth of `idle`, at most 1 hour. */
  readonly touchAfter?: number
  /**
   * Whether every request that brings the session's cookie moves its end, also where no handler asks for the session and
   * however little it is: a cookie that outlives the browser is then set with each response, and a record store written to.
   * Default `false`: use alone moves it, by `touchAfter`.
   */
  readonly rolling?: boolean
  /**
   * How long requests in flight may go on with an id that `regenerate()` replaced, in seconds. Default 10. Where that
   * came with a sign-in or new rights, they only read what it held.
   */
  readonly grace?: number
  /**
   * A store that can't be read: `'throw'` (default) answers 503 to whoever uses the session; `'empty'` goes on with an
   * empty session that is not saved.
   */
  readonly onStoreError?: 'throw' | 'empty'
  /**
   * The most bytes of text that a session may have in a record store, and that are read from there. Default 1 MiB
   * (1048576). Engines have limits of their own; on the cookie store, see `chunks`.
   */
  readonly maxBytes?: number
  /** Save although the response is a 500 or above. Default `false`: of such a response only `destroy()` is kept. */
  readonly saveOnError?: boolean
  /**
   * What `flashes()` does in a request that a browser makes ahead of a click (`Sec-Purpose: prefetch`): `'keep'` (default)
   * shows messages without taking them, since the page may never be seen; `'take'`: as everywhere.
   */
  readonly flashOnPrefetch?: 'keep' | 'take'
  /**
   * Status of the response to a value that the schema refuses, if nobody answers the error otherwise: 400 where values
   * come from the client as they are. Default 500: the app ought to have checked them.
   */
  readonly invalidValueStatus?: number
}

/** How many sessions of one definition a user may have at a time. */
export interface SessionLimit {
  /** A whole number from 1 to 100. */
  readonly sessions: number
  /**
   * What becomes of a sign-in beyond it. `'end-oldest'`: it ends those that the user was given longest ago, by `identify()` or
   * with a new id by `regenerate()`. `'refuse'`: to save it fails with FST_SESSIONS_LIMIT (409).
   */
  readonly then: 'end-oldest' | 'refuse'
}

/** Between the stored payloads, which are JSON, of a version and of its neighbour. */
type Step = (payload: unknown) => unknown

interface SessionCookie {
  /** Default: the session's name, with `__Host-` before it where RFC 6265bis §4.1.3.2 allows. */
  readonly name?: string
}

/** A definition without its flash kinds. */
interface Base<S extends Schema, StoreName extends string> extends Shared {
  /** What the session holds: a `z.object`, or another Standard Schema whose values are JSON. */
  readonly schema: S
  /** Name of the store it lives in. Default `'cookie'`. */
  readonly store?: StoreName
  /** Attributes of its cookie, over those of `SessionsOptions`, and its name. */
  readonly cookie?: CookieOptions & SessionCookie
  /**
   * `'encrypt'` (default): opaque to the client. `'sign'`: readable by it, but not changeable. Or a way of another app's,
   * of `fastify-sessions/seals/…`.
   */
  readonly seal?: 'encrypt' | 'sign' | CookieSeal
  /**
   * Into how many cookies of 4096 bytes a record of the cookie store may be split, 1 to 4. Default 1. All of a request's
   * headers together have to stay below Node's `maxHeaderSize`, 16 KiB: it answers more with a 431.
   */
  readonly chunks?: number
  /** `'auto'` (default): read before the handler if its cookie came. `'manual'`: only by `load()`. */
  readonly load?: 'auto' | 'manual'
  /** Number of the schema's present version, a whole number from 1. Default 1. */
  readonly version?: number
  /**
   * `{ 1: (v1) => v2, 2: (v2) => v3 }`: each step takes the stored payload of its version to the next. With
   * `{ 1: { up: (v1) => v2, down: (v2) => v1 } }` processes of the older version read, and may change, what newer ones
   * stored: the older form is kept beside the payload for as long as `down` stands there.
   */
  readonly migrate?: { readonly [version: number]: Step | { readonly up: Step; readonly down?: Step } }
  /**
   * What to do with a stored payload that no longer fits: `'reset'` (default) starts an empty session with a new id
   * and leaves the old record to expire; `'throw'` lets whoever uses the session fail; a function mends the payload.
   */
  readonly onInvalid?: 'reset' | 'throw' | ((context: InvalidContext) => Input<S>)
  /**
   * Per key, what becomes of a value that a parallel request changed too. Called on every such conflict.
   * `base` is the value both started from, `theirs` is saved already, `mine` is this request's.
   */
  readonly merge?: Merge<Output<S>>
  /**
   * How many of these sessions a user may have at a time; the user is the first that `identify()` was told. Held also by
   * sign-ins at the same moment, as far as the store's compare-and-set reaches. On record stores only. Default: any number.
   */
  readonly limit?: SessionLimit
  /**
   * Sessions of other plugins that go on as this one, where a request has no cookie of this one: those of
   * `fastify-sessions/from/…`. With it, a session on the cookie store is loaded when those on record stores are.
   */
  readonly from?: readonly From<Input<S>>[]
}

export interface Definition<
  S extends Schema = Schema,
  F extends FlashSchemas = FlashSchemas,
  StoreName extends string = string
> extends Base<S, StoreName> {
  /** Flash kinds, each with the schema of a message. Default none. */
  readonly flash?: F
}

type Merge<T> = {
  readonly [K in keyof T]?: (base: T[K] | undefined, theirs: T[K] | undefined, mine: T[K] | undefined) => T[K]
}

export interface InvalidContext {
  readonly name: string
  /** What is stored, after migration. */
  readonly payload: unknown
  /** The version it was stored under. */
  readonly version: number
  readonly issues: readonly SchemaIssue[]
}

/** Has every option that a definition has, so that one without a schema is told that, and nothing else. */
type DefinitionWithSchema = { readonly [Option in keyof Base<Schema, string>]: unknown }

/**
 * Makes a store out of what the app has when its plugins are loaded, such as the client of @fastify/redis, in whatever
 * order they are registered.
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
  /** The key ring: the first seals, all open. */
  readonly keys: readonly (Key | undefined)[]
  /**
   * Names the app among those that share its keys, or a store: none accepts the sessions of another. Default none. To
   * set or change it ends every session.
   */
  readonly app?: string
  /**
   * Stores by name; `cookie` is always there. A function is given the app when its plugins are loaded, and makes the store:
   * `{ redis: (app) => redisStore({ client: app.redis }) }`.
   */
  readonly stores?: Stores
  /** Sessions by name: an RFC 6265 token each. */
  readonly sessions: { readonly [N in keyof S]: Base<S[N], Extract<keyof Stores | 'cookie', string>> } & {
    readonly [N in keyof F]: DefinitionWithSchema & {
      /** Flash kinds, each with the schema of a message. Default none. */
      readonly flash?: F[N]
    }
  }
  /**
   * The name of the session that `request.session` itself stands for, beside being called by name, with the members that
   * plugins expect which were written for @fastify/session and @fastify/secure-session. Default none.
   */
  readonly default?: Default & Extract<keyof S | keyof F, string>
  /** Default cookie attributes of every session. */
  readonly cookie?: CookieOptions
  /** How often stores without a TTL of their own are swept, in seconds. Default 600; 0 switches it off. */
  readonly sweepInterval?: number
  /**
   * How often is looked whether sessions have ended whose `signal` somebody waits for, in seconds: one round trip a store,
   * for all of them. Default 5.
   */
  readonly watchInterval?: number
  /**
   * Stores by name that the app starts without when they can't be reached; `true`: any store. Requests for their
   * sessions get a 503 until set-up, which is tried again and again, has worked. Default none: the app does not start.
   */
  readonly startWithout?: true | readonly Extract<keyof Stores, string>[]
  /**
   * Where `app.sessions.clear()` is remembered, so that every process, also after a restart, refuses sealed cookies
   * from before it. Asked at most every `refresh` seconds (default 1). Default: this process remembers it for itself.
   */
  readonly clearMarker?: { readonly store: Extract<keyof Stores | 'cookie', string>; readonly refresh?: number }
  /**
   * What is kept of how sessions ended and cookies were refused, for `app.sessions.why()`: the newest so many entries, in the
   * memory of this process; or, in a record store where every process sees them, for `keep` seconds (default 30 days).
   * Default none.
   */
  readonly history?: number | { readonly store: Extract<keyof Stores | 'cookie', string>; readonly keep?: number }
}
