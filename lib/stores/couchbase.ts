import type { AsyncRecordStore, StoredRecord } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { kindOf } from './internal/clients.js'
import { type ConditionalEngine, ConditionalRecords, type Held } from './internal/conditional.js'
import { type Ask, asking, defaultTimeout } from './internal/in-time.js'
import { storeOptions } from './internal/options.js'

/** What the store uses of a collection of the package `couchbase`. */
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
  /** What the keys of this store's records begin with. Default: `'session:'`. */
  readonly prefix?: string
  /** `DurabilityLevel.Majority` or another of the package; without it, the bucket's own least one counts. */
  readonly durabilityLevel?: unknown
  /** How long to wait for each answer, in milliseconds, before a call rejects. Default: 5000. */
  readonly timeout?: number
}

export type CouchbaseStore = AsyncRecordStore & Required<Pick<AsyncRecordStore, 'setup'>>

/**
 * Keeps records in a collection of Couchbase, one document each, changed by compare-and-swap. Couchbase removes what has
 * expired; the clock of the app counts. A fail-over can undo the last moments' writes, also removals, unless
 * `durabilityLevel` says that they have to be on most nodes. Tested against a stand-in with the interface of couchbase 4;
 * never with a real server.
 *
 * - A read or a create is one request; any other change is two, for it begins with a read. Several are sent at once.
 * - A touch is such a change too: Couchbase's own would move the end that the record itself tells, and on a server it
 *   takes a new CAS as well.
 *
 * @throws StoreConfigError when the collection is none of `couchbase`, or the prefix is no text.
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
  const setup = async () => void (await engine.get('setup')) // the least that tells whether the server is there
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

/** A moment later than the end that the record tells: neither in the past nor beyond what 32 bits of seconds hold. */
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
