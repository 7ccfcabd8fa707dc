import type { AsyncRecordStore, StoredRecord } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { addressOf } from './internal/address.js'
import { kindOf } from './internal/clients.js'
import { type ConditionalEngine, ConditionalRecords, type Held, live } from './internal/conditional.js'
import { type Ask, asking, defaultTimeout } from './internal/in-time.js'
import { storeOptions } from './internal/options.js'

/** The methods of an `arangojs` collection that the store uses. */
export interface ArangodbCollection {
  exists(): Promise<boolean>
  create(options: { replicationFactor?: number | 'satellite' }): Promise<unknown>
  ensureIndex(index: { type: 'ttl'; fields: [string]; expireAfter: number }): Promise<unknown>
  document(key: string, options: { graceful: boolean }): Promise<unknown>
  documents(keys: string[]): Promise<readonly unknown[]>
  save(document: object, options: { waitForSync: boolean }): Promise<unknown>
  replace(key: string, document: object, options: { ifMatch: string; waitForSync: boolean }): Promise<unknown>
  remove(key: string, options: { ifMatch: string; waitForSync: boolean }): Promise<unknown>
  truncate(): Promise<unknown>
}

export interface ArangodbStoreOptions {
  /**
   * A collection of the package `arangojs`, `database.collection('sessions')`, which must hold only this store's
   * records.
   */
  readonly collection: ArangodbCollection
  /** Whether writes wait until they are on disk. Default: `true`. */
  readonly waitForSync?: boolean
  /**
   * For a cluster: on how many servers each record of a collection that `setup` creates is kept, or `'satellite'` for
   * all. It does not change an existing collection. Default: the database's.
   */
  readonly replicationFactor?: number | 'satellite'
  /** How long to wait for each answer before a call rejects, in milliseconds. Default: 5000. */
  readonly timeout?: number
}

export type ArangodbStore = AsyncRecordStore & Required<Pick<AsyncRecordStore, 'readMany' | 'setup' | 'clear'>>

/**
 * Keeps records in a collection of ArangoDB, one document each, changed by `If-Match` on its revision. A TTL index
 * removes expired documents, about half a minute late; until then the store does not return them, by the app's clock.
 * Tested with arangojs 10 against a stand-in for its HTTP API; never against a real server.
 *
 * - A read or a create is one request. Any other change is two, because it starts with a read. Several reads are one
 *   request; several writes are sent at once.
 * - `setup` creates the collection and its index.
 *
 * @throws StoreConfigError when the collection is of another kind, or an option can't work.
 * @example
 * ```ts
 * import { Database } from 'arangojs'
 *
 * const database = new Database({ url: 'http://localhost:8529', databaseName: 'shop' })
 * const store = arangodbStore({ collection: database.collection('sessions') })
 * ```
 */
export function arangodbStore(options: ArangodbStoreOptions): ArangodbStore {
  const known = { collection: true, waitForSync: true, replicationFactor: true, timeout: true } as const
  const {
    collection,
    waitForSync = true,
    replicationFactor,
    timeout = defaultTimeout
  } = storeOptions('arangodb', options, known)
  if (typeof collection?.ensureIndex !== 'function') {
    throw new StoreConfigError(
      'arangodb',
      `collection must be one of the package "arangojs": database.collection(name); it is ${kindOf(collection)}`
    )
  }
  requireReplicationFactor(replicationFactor)
  const made = replicationFactor === undefined ? {} : { replicationFactor }
  return new InArangodb(collection, waitForSync, made, asking(timeout, 'arangodb'))
}

/** @throws StoreConfigError when it is not a whole number of servers or `'satellite'` */
function requireReplicationFactor(factor: unknown): void {
  if (factor === undefined || factor === 'satellite' || (Number.isInteger(factor) && Number(factor) >= 1)) return
  throw new StoreConfigError(
    'arangodb',
    `replicationFactor must be a whole number of servers, 1 or more, or "satellite"; it is ${String(factor)}`
  )
}

interface Revision extends Held {
  readonly revision: string
}

class InArangodb extends ConditionalRecords<Revision> implements ArangodbStore {
  readonly kind = 'record'
  readonly #collection: ArangodbCollection
  readonly #made: { replicationFactor?: number | 'satellite' }
  readonly #ask: Ask

  constructor(
    collection: ArangodbCollection,
    waitForSync: boolean,
    made: { replicationFactor?: number | 'satellite' },
    ask: Ask
  ) {
    super(engineOn(collection, waitForSync, ask), 'arangodb')
    this.#collection = collection
    this.#made = made
    this.#ask = ask
  }

  async readMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    const found = await this.#ask(() => this.#collection.documents([...ids]))
    return found.map((document) => live(revisionIn(document))?.record)
  }

  async address(): Promise<string | undefined> {
    return addressOf(urlsOf(this.#collection)?.[0])
  }

  async setup(): Promise<void> {
    if (!(await this.#ask(() => this.#collection.exists()))) {
      await this.#ask(() => this.#collection.create(this.#made)).catch((error) => {
        if (numberOf(error) !== duplicateName) throw error // another process was faster
      })
    }
    await this.#ask(() => this.#collection.ensureIndex({ type: 'ttl', fields: ['ends'], expireAfter: 0 }))
  }

  async clear(): Promise<void> {
    await this.#collection.truncate()
  }
}

function engineOn(collection: ArangodbCollection, waitForSync: boolean, ask: Ask): ConditionalEngine<Revision> {
  const replace = (id: string, record: StoredRecord, { revision: ifMatch }: Revision) =>
    collection.replace(id, documentOf(record), { ifMatch, waitForSync })
  const save = (id: string, record: StoredRecord) =>
    collection.save({ _key: id, ...documentOf(record) }, { waitForSync })
  return {
    get: async (id) => revisionIn(await ask(() => collection.document(id, { graceful: true }))),
    put: (id, record, held) =>
      unless([conflict, notFound, taken], () => ask(() => (held ? replace(id, record, held) : save(id, record)))),
    delete: (id, { revision: ifMatch }) =>
      unless([conflict, notFound], () => ask(() => collection.remove(id, { ifMatch, waitForSync })))
  }
}

/** Returns the document of a record. `ends` is for the TTL index, which counts seconds. */
function documentOf({ text, version, expires }: StoredRecord): object {
  return { text, version, expires, ends: Math.ceil(expires / 1000) }
}

/**
 * Returns the record of a document with its revision. `undefined`: the document is an error in place of one that does
 * not exist.
 */
function revisionIn(document: unknown): Revision | undefined {
  const { _rev, text, version, expires } = (document ?? {}) as StoredRecord & { readonly _rev?: string }
  return _rev === undefined || text === undefined ? undefined : { revision: _rev, record: { text, version, expires } }
}

/** Reads the server's URLs from a private member, because arangojs does not publish them. */
function urlsOf(collection: object): readonly string[] | undefined {
  const { database } = collection as { database?: { _connection?: { _hostUrls?: readonly string[] } } }
  return database?._connection?._hostUrls
}

/** https://docs.arangodb.com/stable/develop/error-codes-and-meanings/ */
const conflict = 1200
const notFound = 1202
const duplicateName = 1207
const taken = 1210

async function unless(refusals: readonly number[], write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write()
    return true
  } catch (error) {
    if (refusals.includes(numberOf(error) ?? 0)) return false
    throw error
  }
}

function numberOf(error: unknown): number | undefined {
  return (error as { readonly errorNum?: number } | undefined)?.errorNum
}
