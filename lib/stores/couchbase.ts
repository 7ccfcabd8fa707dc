import type { AsyncRecordStore, StoredRecord } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { kindOf } from './internal/clients.js'
import { type ConditionalEngine, ConditionalRecords, type Held } from './internal/conditional.js'
import { type Ask, asking, defaultTimeout } from './internal/in-time.js'
import { storeOptions } from './internal/options.js'

/** The methods of a collection of the package `couchbase` that the store uses. */
export interface CouchbaseCollection {
  get(key: string): Promise<{ readonly content: unknown; readonly cas: unknown }>
  insert(key: string, content: object, options: CouchbaseWriteOptions): Promise<unknown>
  replace(key: string, content: object, options: CouchbaseWriteOptions & { cas: never }): Promise<unknown>
  remove(key: string, options: { cas: never; durabilityLevel?: never }): Promise<unknown>
}

export interface CouchbaseWriteOptions {
  readonly expiry: Date
  readonly durabilityLevel?: never
}

export interface CouchbaseStoreOptions {
  /** `bucket.defaultCollection()`, or another collection of the package `couchbase`. */
  readonly collection: CouchbaseCollection
  /** The prefix of the keys of this store's records, up to 100 bytes. Default: `'session:'`. */
  readonly prefix?: string
  /** `DurabilityLevel.Majority`, or another level of the package `couchbase`. Default: the bucket's minimum. */
  readonly durabilityLevel?: unknown
  /** How long to wait for each answer before a call rejects, in milliseconds. Default: 5000. */
  readonly timeout?: number
}

export type CouchbaseStore = AsyncRecordStore & Required<Pick<AsyncRecordStore, 'setup'>>

/**
 * Keeps records in a collection of Couchbase, one document each, changed by compare-and-swap (CAS). Couchbase removes
 * expired documents; the app's clock decides whether a record is returned. A fail-over can undo the writes of the last
 * moments, including removals, unless `durabilityLevel` requires them to be on most nodes. Tested against a stand-in
 * with the interface of couchbase 4; never with a real server.
 *
 * - A read or a create is one request. Any other change is two, because it starts with a read. Several are sent at
 *   once.
 * - A touch is such a change too. Couchbase's own touch would not change the end in the record itself, and it changes
 *   the CAS on a server as well.
 *
 * @throws StoreConfigError when the collection is of another kind, or the prefix is not a text of at most 100 bytes.
 * @example
 * ```ts
 * import { connect } from 'couchbase'
 *
 * const cluster = await connect('couchbase://localhost', { username: 'shop', password })
 * const store = couchbaseStore({ collection: cluster.bucket('shop').defaultCollection() })
 * ```
 */
export function couchbaseStore(options: CouchbaseStoreOptions): CouchbaseStore {
  const known = { collection: true, prefix: true, durabilityLevel: true, timeout: true } as const
  const given = storeOptions('couchbase', options, known)
  const { collection, prefix = 'session:', durabilityLevel, timeout = defaultTimeout } = given
  if (typeof collection?.insert !== 'function') {
    throw new StoreConfigError(
      'couchbase',
      `collection must be one of the package "couchbase": bucket.defaultCollection(); it is ${kindOf(collection)}`
    )
  }
  if (typeof prefix !== 'string' || Buffer.byteLength(prefix) > 100) {
    throw new StoreConfigError('couchbase', 'prefix must be a text of at most 100 bytes: a key may have 250')
  }
  const durability = durabilityLevel === undefined ? {} : { durabilityLevel: durabilityLevel as never }
  const ask = asking(timeout, 'couchbase')
  const engine = engineOn(collection, prefix, durability, ask)
  const setup = async () => void (await engine.get('setup')) // the cheapest way to find out whether the server answers
  return Object.assign(new ConditionalRecords(engine, 'couchbase'), { kind: 'record', setup } as const)
}

interface Cas extends Held {
  readonly cas: never
}

function engineOn(
  collection: CouchbaseCollection,
  prefix: string,
  durability: Pick<CouchbaseWriteOptions, 'durabilityLevel'>,
  ask: Ask
): ConditionalEngine<Cas> {
  return {
    async get(id) {
      try {
        const { content, cas } = await ask(() => collection.get(prefix + id))
        const { text, version, expires } = content as StoredRecord
        return { record: { text, version, expires }, cas: cas as never }
      } catch (error) {
        if (isNamed(error, 'DocumentNotFoundError')) return undefined
        throw error
      }
    },
    put(id, { text, version, expires }, held) {
      const content = { text, version, expires }
      const options = { expiry: expiryOf(expires), ...durability }
      return unless(['CasMismatchError', 'DocumentNotFoundError', 'DocumentExistsError'], () =>
        ask(() =>
          held
            ? collection.replace(prefix + id, content, { ...options, cas: held.cas })
            : collection.insert(prefix + id, content, options)
        )
      )
    },
    delete: (id, { cas }) =>
      unless(['CasMismatchError', 'DocumentNotFoundError'], () =>
        ask(() => collection.remove(prefix + id, { cas, ...durability }))
      )
  }
}

/**
 * Returns the expiry for Couchbase: two seconds after the record's own end, not in the past, and within 32 bits of
 * seconds.
 */
function expiryOf(expires: number): Date {
  return new Date(Math.min(Math.max(expires, Date.now()) + 2000, lastExpiry))
}

const lastExpiry = (2 ** 32 - 2) * 1000

async function unless(refusals: readonly string[], write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write()
    return true
  } catch (error) {
    if (refusals.some((name) => isNamed(error, name))) return false
    throw error
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && (error.name === name || error.constructor.name === name)
}
