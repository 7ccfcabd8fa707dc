/**
 * The contract of a store. Implement it to keep sessions in another engine.
 *
 * A store never looks inside a record. It keeps `text` by `id`, forgets it once `expires` has passed, and changes it
 * only for a writer that names the version it read: a compare-and-set on the engine's own primitive. Everything that
 * the plugin promises about parallel requests and signing out rests on these few methods.
 *
 * Ids are 43 characters of base64url (the SHA-256 of what the cookie carries), so they are safe in keys and file names.
 * Only a definition that shares its cookies with a Go app also has ids of 52 characters of base32.
 */

/**
 * Identifies the state of a record that was read. It is opaque: only the store that made it compares it. Two writes of
 * one id never yield the same version while a reader can still hold the older one, also across `remove` and `create`.
 */
export type Version = string | number

export interface StoredRecord {
  /** The text exactly as it was written. The plugin writes JSON, which never contains a bare U+0000. */
  readonly text: string
  readonly version: Version
  /** When the record expires, in milliseconds since the epoch. Engines that count whole seconds round up. */
  readonly expires: number
}

/** One write of a batch. Its fields are the arguments of the method named by `kind`. */
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

/** The value that the method named by the write's `kind` would have resolved to. */
export type WriteResult = Version | boolean | undefined

/** A store that has its answer at hand may return it without a promise; the request then does not wait. */
export type Awaitable<T> = T | Promise<T>

/**
 * Keeps records by id. Every method rejects, or throws, when the engine can't be reached or refuses, and never reports
 * success for something that was not done. Times are milliseconds since the epoch. A record whose `expires` has passed
 * is absent for every method, whether or not the engine has removed it yet.
 */
export interface RecordStore {
  readonly kind: 'record'
  /**
   * What the engine can't promise; logged as a warning when the app starts. Leave it out if the store keeps the whole
   * contract.
   */
  readonly capabilities?: Capabilities

  /** Returns the record, or `undefined` if there is none or it has expired. */
  read(id: string, options?: ReadOptions): Awaitable<StoredRecord | undefined>
  /** Writes a new record and returns its version. `undefined`: a live record has this id, and nothing was written. */
  create(id: string, text: string, expires: number): Awaitable<Version | undefined>
  /**
   * Replaces the record if its state is still `version`, and returns the new version. `undefined`: the record is gone,
   * expired or newer, and nothing was written. An `expires` that has passed ends the record.
   */
  update(id: string, text: string, expires: number, version: Version): Awaitable<Version | undefined>
  /**
   * Moves the end of a live record and nothing else: text and version stay, so it never makes a writer's
   * compare-and-set fail. `false`: there is no live record, and none was created. An `expires` that has passed ends the
   * record.
   */
  touch(id: string, expires: number): Awaitable<boolean>
  /** Removes a record. `true`: it was live. A writer that read it earlier can't bring it back. */
  remove(id: string): Awaitable<boolean>

  /** Does `read` for several ids in one round trip, with the answers in the order of the ids. */
  readMany?(ids: readonly string[], options?: ReadOptions): Awaitable<readonly (StoredRecord | undefined)[]>
  /**
   * Does several writes, of different ids, in one round trip. Each succeeds or fails on its own. The answers are in the
   * order of the writes.
   */
  saveMany?(writes: readonly Write[]): Awaitable<readonly WriteResult[]>
  /**
   * Returns a page of the live records, as `read` returns them. Following `next` to the last page lists every record
   * that lives throughout, once each. Records that are created or removed meanwhile may be listed or not.
   */
  list?(options: PageOptions): Awaitable<RecordPage>
  /** Creates what the engine needs (directory, table, index). Called before the app is ready; idempotent. */
  setup?(): Promise<void>
  /** Returns where the engine is, such as `host:port`, for errors at start. Never with credentials. */
  address?(): Promise<string | undefined>
  /** Removes all records of this store, and nothing else in the engine. Versions go on as if it had not been called. */
  clear?(): Promise<void>
  /**
   * Removes expired records, for engines without a TTL. Resolves to how many it removed. Works in slices that leave the
   * event loop free, and stops early when `signal` aborts; with a signal that has already aborted it resolves to 0.
   */
  sweep?(options?: { readonly signal?: AbortSignal }): Promise<number>
  /** Closes what the store itself opened. A client that the app passed in stays open. */
  close?(): Promise<void>
}

/** A store that reports which live records it evicts to make room. */
export interface EvictingStore {
  /** Calls `listener` with the id of each live record that is evicted from now on. There is one listener at a time. */
  onEvict(listener: (id: string) => void): void
}

/** A record store of which every method returns a promise, as all stores with a remote engine do. */
export type AsyncRecordStore = { readonly [Name in keyof RecordStore]: Asking<RecordStore[Name]> }

type Asking<Member> = Member extends (...args: never) => unknown
  ? (...args: Parameters<Member>) => Promise<Awaited<ReturnType<Member>>>
  : Member

/** Options of `read` for stores that may answer from a cache. Other stores can ignore them. */
export interface ReadOptions {
  /** Whether the store must ask its engine now instead of answering from a cache. */
  readonly fresh?: boolean
}

export interface PageOptions {
  /** About how many records the page should have. An engine that can't count may return more or fewer, even none. */
  readonly limit: number
  /** The `next` of the previous page, which another process may have read. Default: the first page. */
  readonly after?: string | undefined
}

export interface RecordPage {
  readonly records: readonly ListedRecord[]
  /** Where the next page begins, opaque to the caller. `undefined` on the last page. */
  readonly next: string | undefined
}

export interface ListedRecord extends StoredRecord {
  readonly id: string
}

export interface Capabilities {
  /**
   * How far compare-and-set reaches. `shared`: every process on the engine, as the contract asks for. `process`: only
   * this process, so that writers in other processes can overwrite one another.
   */
  readonly compareAndSet: 'shared' | 'process'
  /** What else the store can't promise, in a sentence for the log. */
  readonly note?: string
}

/** Keeps the whole record in the sealed cookie. `cookieStore()` returns it; there is nothing to implement. */
export interface CookieStore {
  readonly kind: 'cookie'
}

export type Store = RecordStore | CookieStore
