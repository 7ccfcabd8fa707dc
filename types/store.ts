/**
 * The contract of a store: what anyone implements to keep sessions somewhere else.
 *
 * A store never looks inside a record. It keeps `text` by `id`, forgets it when `expires` has passed, and changes it
 * only for a writer who names the version that it read: compare-and-set on the engine's own primitive. Everything the
 * plugin promises about parallel requests and signing out rests on these few methods.
 *
 * Ids are 43 characters of base64url (the SHA-256 of what the cookie carries), so they are safe in keys and file names. Only
 * where a definition shares its cookies with a Go app, 52 of base32 come too.
 */

/**
 * Which state of a record was read. Opaque: only the store that made it compares it. Two writes of one id never yield
 * the same version while a reader can still hold the older one, also across `remove` and `create`.
 */
export type Version = string | number

export interface StoredRecord {
  /** What was written, character for character. The plugin writes JSON, which never holds a bare U+0000. */
  readonly text: string
  readonly version: Version
  /** When the record ends, in milliseconds since the epoch. Engines that count whole seconds round up. */
  readonly expires: number
}

/** One write of a batch; the fields are the arguments of the method named by `kind`. */
export type Write =
  | { readonly kind: 'create'; readonly id: string; readonly text: string; readonly expires: number }
  | {
      readonly kind: 'update'
      readonly id: string
      readonly text: string
      readonly expires: number
      readonly version: Version
    }
  | { readonly kind: 'touch'; readonly id: string; readonly expires: number }
  | { readonly kind: 'remove'; readonly id: string }

/** What the method named by the write's `kind` would have resolved to. */
export type WriteResult = Version | boolean | undefined

/** A store that has its answer at hand may give it as it is, without a promise: the request then does not wait. */
export type Awaitable<T> = T | Promise<T>

/**
 * Keeps records by id. Every method rejects, or throws, when the engine can't be reached or refuses, and never reports
 * success for something that was not done. Times are milliseconds since the epoch; a record whose `expires` has passed
 * is absent for every method, whether or not the engine has removed it yet.
 */
export interface RecordStore {
  readonly kind: 'record'
  /** What the engine can't promise; absent for a store that keeps the whole contract. Shown to the app at start. */
  readonly capabilities?: Capabilities

  /** The record, or `undefined` if there is none or it has expired. */
  read(id: string, options?: ReadOptions): Awaitable<StoredRecord | undefined>
  /** Writes a new record. `undefined`: a live record has this id, and nothing was written. */
  create(id: string, text: string, expires: number): Awaitable<Version | undefined>
  /**
   * Replaces exactly the state `version`. `undefined`: gone, expired or newer, and nothing was written. An `expires`
   * that has passed ends the record.
   */
  update(id: string, text: string, expires: number, version: Version): Awaitable<Version | undefined>
  /**
   * Moves the end of a live record and nothing else: the text and the version stay, so that it never makes a writer's
   * compare-and-set fail. `false`: there is no live record, and none was made. An `expires` that has passed ends it.
   */
  touch(id: string, expires: number): Awaitable<boolean>
  /** `true`: a live record was removed. A writer that read it earlier can't bring it back. */
  remove(id: string): Awaitable<boolean>

  /** `read` for several ids in one round trip; the answers stand in the order of the ids. */
  readMany?(ids: readonly string[], options?: ReadOptions): Awaitable<readonly (StoredRecord | undefined)[]>
  /** Several writes, of different ids, in one round trip, each on its own; the answers stand in their order. */
  saveMany?(writes: readonly Write[]): Awaitable<readonly WriteResult[]>
  /**
   * A page of the live records, as `read` gives them. Going on by `next` until there is none lists every record that lives all
   * the while, each once. What comes or goes meanwhile may be listed or not.
   */
  list?(options: PageOptions): Awaitable<RecordPage>
  /** Creates what the engine needs (directory, table, index). Runs before the app is ready; harmless when repeated. */
  setup?(): Promise<void>
  /** Where the engine is, such as `host:port`, for what is said of it at start. Never with credentials. */
  address?(): Promise<string | undefined>
  /** Removes all records of this store, and nothing else that the engine holds. Versions go on as if it had not. */
  clear?(): Promise<void>
  /**
   * Removes what has expired, for engines without a TTL of their own; resolves to how many. Works in slices that
   * leave the event loop free, and stops early when `signal` aborts; one that has aborted already resolves to 0.
   */
  sweep?(options?: { readonly signal?: AbortSignal }): Promise<number>
  /** Frees what the store itself opened. A client that the app handed in stays open. */
  close?(): Promise<void>
}

/** A store that knows which records it drops to make room. */
export interface EvictingStore {
  /** `listener` is told the id of each live record that is dropped from now on; one listener at a time. */
  onEvict(listener: (id: string) => void): void
}

/** A record store that gives a promise whatever it is asked, as all do that have to ask an engine. */
export type AsyncRecordStore = { readonly [Name in keyof RecordStore]: Asking<RecordStore[Name]> }

type Asking<Member> = Member extends (...args: never) => unknown
  ? (...args: Parameters<Member>) => Promise<Awaited<ReturnType<Member>>>
  : Member

/** Matters to a store that may answer from a cache; any other can ignore it. */
export interface ReadOptions {
  /** The answer must not be older than the question. */
  readonly fresh?: boolean
}

export interface PageOptions {
  /** About how many records a page is to have: an engine that can't count gives some more, or fewer, even none. */
  readonly limit: number
  /** The `next` of the page before, of this process or another. Default: the first page. */
  readonly after?: string | undefined
}

export interface RecordPage {
  readonly records: readonly ListedRecord[]
  /** Where the next page begins, opaque; `undefined` for the last page. */
  readonly next: string | undefined
}

export interface ListedRecord extends StoredRecord {
  readonly id: string
}

export interface Capabilities {
  /**
   * How wide compare-and-set reaches: `shared` (every process on the engine) is what the contract asks for; `process`
   * means that writers in other processes can overwrite one another.
   */
  readonly compareAndSet: 'shared' | 'process'
  /** What else differs, in a sentence for the log. */
  readonly note?: string
}

/** Keeps the whole record in the cookie, sealed. Made by `cookieStore()`; there is nothing to implement. */
export interface CookieStore {
  readonly kind: 'cookie'
}

export type Store = RecordStore | CookieStore
