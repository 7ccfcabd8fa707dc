import type { AsyncRecordStore, StoredRecord } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { type ConditionalEngine, ConditionalRecords, type Held, live } from './internal/conditional.js'
import { storeOptions } from './internal/options.js'

/** What the store uses of a collection of `arangojs`. */
export interface ArangodbCollection {
  exists(): Promise<boolean>
  create(): Promise<unknown>
  ensureIndex(index: { type: 'ttl'; fields: [string]; expireAfter: number }): Promise<unknown>
  document(key: string, options: { graceful: boolean }): Promise<unknown>
  documents(keys: string[]): Promise<readonly unknown[]>
  save(document: object, options: { waitForSync: boolean }): Promise<unknown>
  replace(key: string, document: object, options: { ifMatch: string; waitForSync: boolean }): Promise<unknown>
  remove(key: string, options: { ifMatch: string; waitForSync: boolean }): Promise<unknown>
  truncate(): Promise<unknown>
}

export interface ArangodbStoreOptions {
  /** `database.collection('sessions')` of the package `arangojs`: a collection for this store's records, and nothing else. */
  readonly collection: ArangodbCollection
  /** Whether writes wait until they are on disk. Default: `true`. */
  readonly waitForSync?: boolean
}

export type ArangodbStore = AsyncRecordStore & Required<Pick<AsyncRecordStore, 'readMany' | 'setup' | 'clear'>>

/**
 * Keeps records in a collection of ArangoDB, one document each, changed by `If-Match` on its revision. A TTL index
 * removes what has expired, some half a minute later; until then, the clock of the app counts. Tested with arangojs 10
 * against a stand-in for its HTTP API; never against a real server.
 *
 * - A read or a create is one request; any other change is two, for it begins with a read. Several reads are one;
 *   several writes are sent at once.
 * - `setup` makes the collection and its index.
 *
 * @throws StoreConfigError when the collection is none of `arangojs`.
 * @example
 * ```ts
 * import { Database } from 'arangojs'
 *
 * const database = new Database({ url: 'http://localhost:8529', databaseName: 'shop' })
 * const store = arangodbStore({ collection: database.collection('sessions') })
 * ```
 */
export function arangodbStore(options: ArangodbStoreOptions): ArangodbStore {
  const { collection, waitForSync = true } = storeOptions('arangodb', options, { collection: true, waitForSync: true })
  if (typeof collection?.ensureIndex !== 'function') {
    throw new StoreConfigError(
      'arangodb',
      'collection must be one of the package "arangojs": database.collection(name)'
    )
  }
  return new InArangodb(collection, waitForSync)
}

interface Revision extends Held {
  readonly revision: string
}

class InArangodb extends ConditionalRecords<Revision> implements ArangodbStore {
  readonly kind = 'record'
  readonly #collection: ArangodbCollection

  constructor(collection: ArangodbCollection, waitForSync: boolean) {
    super(engineOn(collection, waitForSync), 'arangodb')
    this.#collection = collection
  }

  async readMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    const found = await this.#collection.documents([...ids])
    return found.map((document) => live(revisionIn(document))?.record)
  }

  async setup(): Promise<void> {
    if (!(await this.#collection.exists())) {
      await this.#collection.create().catch((error) => {
        if (numberOf(error) !== duplicateName) throw error // another process was quicker
      })
    }
    await this.#collection.ensureIndex({ type: 'ttl', fields: ['ends'], expireAfter: 0 })
  }

  async clear(): Promise<void> {
    await this.#collection.truncate()
  }
}

function engineOn(collection: ArangodbCollection, waitForSync: boolean): ConditionalEngine<Revision> {
  return {
    get: async (id) => revisionIn(await collection.document(id, { graceful: true })),
    put: (id, record, held) =>
      unless([conflict, notFound, taken], () =>
        held
          ? collection.replace(id, documentOf(record), { ifMatch: held.revision, waitForSync })
          : collection.save({ _key: id, ...documentOf(record) }, { waitForSync })
      ),
    delete: (id, { revision }) =>
      unless([conflict, notFound], () => collection.remove(id, { ifMatch: revision, waitForSync }))
  }
}

/** `ends` is for the TTL index, which counts seconds. */
function documentOf({ text, version, expires }: StoredRecord): object {
  return { text, version, expires, ends: Math.ceil(expires / 1000) }
}

/** `undefined` for what stands in the place of a document that is not there. */
function revisionIn(document: unknown): Revision | undefined {
  const { _rev, text, version, expires } = (document ?? {}) as StoredRecord & { readonly _rev?: string }
  return _rev === undefined || text === undefined ? undefined : { revision: _rev, record: { text, version, expires } }
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
