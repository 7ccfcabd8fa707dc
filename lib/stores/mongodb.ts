import type {
  AsyncRecordStore,
  PageOptions,
  RecordPage,
  StoredRecord,
  Version,
  Write,
  WriteResult
} from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { addressOf } from './internal/address.js'
import { kindOf } from './internal/clients.js'
import { Gathered } from './internal/gathered.js'
import { type Ask, asking, defaultTimeout } from './internal/in-time.js'
import { storeOptions } from './internal/options.js'
import { nextAfter } from './internal/pages.js'
import { allDone } from './internal/writes.js'
import { BulkWrites, type MongoBulkClient } from './mongodb/bulk.js'
import { duplicateKey, type Operation, operationOf } from './mongodb/operations.js'

/** The members of a `Collection` of the package `mongodb` that the store uses. */
export interface MongoCollection {
  readonly namespace: string
  readonly writeConcern?: { readonly w?: unknown } | undefined
  readonly db: { readonly client: MongoBulkClient }
  find(filter: object, options: object): { toArray(): Promise<readonly object[]> }
  updateOne(filter: object, update: object, options: object): Promise<{ matchedCount: number; upsertedCount: number }>
  deleteOne(filter: object): Promise<{ deletedCount: number }>
  deleteMany(filter: object): Promise<unknown>
  createIndex(keys: { expires: 1 }, options: { expireAfterSeconds: number }): Promise<unknown>
}

export interface MongodbStoreOptions {
  /** The collection, which must hold only this store's records. */
  readonly collection: MongoCollection
  /**
   * How long a call waits for an answer before it rejects, in milliseconds. By default the driver waits half a minute
   * for a server that is down, and without limit for one that hangs. `clear` waits as the driver does. Default: 5000.
   */
  readonly timeout?: number
}

export type MongodbStore = AsyncRecordStore &
  Required<Pick<AsyncRecordStore, 'readMany' | 'saveMany' | 'list' | 'setup' | 'clear'>>

/**
 * Keeps records in a collection of MongoDB 4.4 or later, one document each. `setup` creates a TTL index by which the
 * server removes expired documents, about once a minute and by its own clock. Until then the store does not return
 * them, by the app's clock.
 *
 * Tested with the driver `mongodb` 7 against a stand-in for the server, which speaks its protocol; not against MongoDB
 * itself.
 *
 * - Several reads are one command, including those of several requests in one turn of the event loop.
 * - Reads go to the primary, whatever the collection's read preference: a secondary may be behind.
 * - With a write concern other than `majority` (the default since MongoDB 5), losing a primary can undo the writes of
 *   the last moments, including removals. `w: 0` is refused, because it does not report whether a write worked.
 * - Several writes at once are one command since MongoDB 8.0. With older servers they are sent one by one and all at
 *   once, each on a connection of its own.
 * - In a sharded cluster, shard by `{ _id: 'hashed' }`.
 * - A record can't be larger than a document may be, 16 MiB.
 * - A call that timed out may still be carried out when the driver reaches the server.
 *
 * @throws StoreConfigError when the collection is of another kind, or an option can't work.
 * @example
 * ```ts
 * const client = new MongoClient('mongodb://localhost:27017')
 * const collection = client.db('app').collection('sessions')
 * const options = defineSessions({ stores: { mongodb: mongodbStore({ collection }) }, … })
 * ```
 */
export function mongodbStore(options: MongodbStoreOptions): MongodbStore {
  const { collection, timeout = defaultTimeout } = storeOptions('mongodb', options, { collection: true, timeout: true })
  if (typeof collection?.updateOne !== 'function' || typeof collection.namespace !== 'string' || 'conn' in collection) {
    throw new StoreConfigError(
      'mongodb',
      `collection must be a Collection of the package "mongodb"; ${hintFor(collection)}`
    )
  }
  if (collection.writeConcern?.w === 0) {
    throw new StoreConfigError('mongodb', 'collection must not have the write concern w: 0: leave it out')
  }
  return new InMongodb(collection, asking(timeout, 'mongodb'))
}

/**
 * Says what was passed instead of a collection. Mongoose's collections are refused: they wrap the driver's, wait for a
 * connection and answer by other rules.
 */
function hintFor(given: unknown): string {
  const isMongoose = typeof given === 'object' && given !== null && ('conn' in given || 'connection' in given)
  return isMongoose ? 'of Mongoose, give connection.getClient().db().collection(name)' : `it is ${kindOf(given)}`
}

/**
 * Returns a script for mongosh that does what `setup` does, for apps that prepare the database by hand.
 *
 * @param collection The name of the collection in the database that mongosh is connected to.
 */
export function mongodbSetup(collection: string): string {
  return `db.getCollection(${JSON.stringify(collection)}).createIndex({ expires: 1 }, { expireAfterSeconds: 0 })`
}

/** A document as `operationOf` writes it. */
interface StoredDocument {
  readonly _id: string
  readonly text: string
  readonly version: string
  readonly expires: Date
}

class InMongodb implements MongodbStore {
  readonly kind = 'record'
  readonly #collection: MongoCollection
  readonly #bulk: BulkWrites
  readonly #ask: Ask
  readonly #gathered = new Gathered((ids: readonly string[]) => this.readMany(ids))

  constructor(collection: MongoCollection, ask: Ask) {
    this.#collection = collection
    this.#bulk = new BulkWrites(collection.db.client, collection)
    this.#ask = ask
  }

  read(id: string): Promise<StoredRecord | undefined> {
    return this.#gathered.ask(id)
  }

  async readMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    if (ids.length === 0) return []
    const filter = { _id: { $in: [...new Set(ids)] }, expires: { $gt: new Date() } }
    // One more than there can be documents, so that the first batch ends the cursor.
    const found = this.#collection.find(filter, { batchSize: ids.length + 1, readPreference: 'primary' }).toArray()
    const documents = (await this.#ask(() => found)) as readonly StoredDocument[]
    const records = new Map(documents.map((document) => [document._id, recordIn(document)]))
    return ids.map((id) => records.get(id))
  }

  async list({ after, limit }: PageOptions): Promise<RecordPage> {
    const filter = { expires: { $gt: new Date() }, ...(after !== undefined && { _id: { $gt: after } }) }
    const options = { sort: { _id: 1 }, limit, batchSize: limit + 1, readPreference: 'primary' }
    const found = this.#collection.find(filter, options).toArray()
    const documents = (await this.#ask(() => found)) as readonly StoredDocument[]
    const records = documents.map((document) => ({ id: document._id, ...recordIn(document) }))
    return {
      records,
      next: nextAfter(
        records.map(({ id }) => id),
        limit
      )
    }
  }

  async create(id: string, text: string, expires: number): Promise<Version | undefined> {
    return (await this.#save({ kind: 'create', id, text, expires })) as Version | undefined
  }

  async update(id: string, text: string, expires: number, version: Version): Promise<Version | undefined> {
    return (await this.#save({ kind: 'update', id, text, expires, version })) as Version | undefined
  }

  async touch(id: string, expires: number): Promise<boolean> {
    return (await this.#save({ kind: 'touch', id, expires })) as boolean
  }

  async remove(id: string): Promise<boolean> {
    return (await this.#save({ kind: 'remove', id })) as boolean
  }

  async saveMany(writes: readonly Write[]): Promise<readonly WriteResult[]> {
    const operations = writes.map(operationOf)
    const together = operations.length > 1 ? await this.#ask(() => this.#bulk.carryOut(operations)) : undefined
    return together ?? allDone(operations.map((operation) => this.#carryOut(operation)))
  }

  async address(): Promise<string | undefined> {
    return addressOf(this.#collection.db.client)
  }

  async setup(): Promise<void> {
    await this.#ask(() => this.#collection.createIndex({ expires: 1 }, { expireAfterSeconds: 0 }))
  }

  async clear(): Promise<void> {
    await this.#collection.deleteMany({})
  }

  async #save(write: Write): Promise<WriteResult> {
    return this.#carryOut(operationOf(write))
  }

  async #carryOut({ filter, update, upsert, done, undone }: Operation): Promise<WriteResult> {
    if (!update) {
      const { deletedCount } = await this.#ask(() => this.#collection.deleteOne(filter))
      return deletedCount > 0 ? done : undone
    }
    try {
      const counts = await this.#ask(() => this.#collection.updateOne(filter, update, { upsert }))
      return counts.matchedCount + counts.upsertedCount > 0 ? done : undone
    } catch (error) {
      if (upsert && (error as { code?: unknown }).code === duplicateKey) return undone
      throw error
    }
  }
}

function recordIn({ text, version, expires }: StoredDocument): StoredRecord {
  return { text, version, expires: expires.getTime() }
}
