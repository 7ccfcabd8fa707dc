import type { AsyncRecordStore } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { bridge, type Engine } from './internal/bridge.js'
import { kindOf } from './internal/clients.js'
import { storeOptions } from './internal/options.js'

/** The methods of a `Storage` of the package `unstorage` that the store uses. */
export interface UnstorageClient {
  getItem(key: string): Promise<unknown>
  setItem(key: string, value: string, options: { readonly ttl: number }): Promise<void>
  removeItem(key: string): Promise<void>
  getKeys(base: string): Promise<readonly string[]>
}

export interface UnstorageStoreOptions {
  /**
   * The prefix of the keys of its records: letters, digits, `-` and `_`, with `:` between parts. Default: `sessions`.
   */
  readonly base?: string
  /** How long a call may take before it rejects, in milliseconds. Default: 5000. */
  readonly timeout?: number
}

export type UnstorageStore = AsyncRecordStore & Required<Pick<AsyncRecordStore, 'setup' | 'clear' | 'sweep'>>

/**
 * Keeps records in unstorage with any of its drivers.
 *
 * A driver can only get and set, so the store does not promise:
 *
 * - compare-and-set beyond this process, or beyond one storage object. Parallel requests to different processes can
 *   lose an update, and a slow request can bring back a session that another process ended. Run one process, or use a
 *   store made for the engine.
 * - several records in one round trip. Each record is read by itself, and each write is a read and a write. `sweep` and
 *   `clear` go through all keys one by one.
 * - whole records after a crash. The driver `fs` writes in place; `fileStore()` does not.
 * - current records everywhere. Drivers over caches at the edge may answer with an older state.
 *
 * @throws StoreConfigError when it is not a storage, or the base is not allowed.
 * @example
 * ```ts
 * const storage = createStorage({ driver: fsDriver({ base: './data' }) })
 * const options = defineSessions({ stores: { unstorage: unstorageStore(storage) }, … })
 * ```
 */
export function unstorageStore(storage: UnstorageClient, options: UnstorageStoreOptions = {}): UnstorageStore {
  const { base = 'sessions', timeout } = storeOptions('unstorage', options, { base: true, timeout: true })
  if (typeof storage?.getItem !== 'function' || typeof storage.getKeys !== 'function') {
    throw new StoreConfigError(
      'unstorage',
      `expected a storage, as createStorage({ driver }) makes it, got ${kindOf(storage)}`
    )
  }
  if (!/^[\w-]+(:[\w-]+)*$/.test(base)) {
    throw new StoreConfigError('unstorage', `base must be words with ":" between them, not ${JSON.stringify(base)}`)
  }
  const prefix = `${base}:`
  const engine: Engine = {
    get: (id) => storage.getItem(prefix + id),
    // Drivers that support a time to live take it in whole seconds.
    put: (id, value, expires) =>
      storage.setItem(prefix + id, value, { ttl: Math.max(1, Math.ceil((expires - Date.now()) / 1000)) }),
    drop: (id) => storage.removeItem(prefix + id),
    ids: async () => {
      const keys = await storage.getKeys(prefix)
      return keys.filter((key) => isId(key, prefix)).map((key) => key.slice(prefix.length))
    }
  }
  return bridge('unstorage', storage, engine, { timeout })
}

/** Whether the key is a record of this store. A key with a further `:` belongs to a store with a longer base. */
function isId(key: string, prefix: string): boolean {
  return key.startsWith(prefix) && !key.includes(':', prefix.length)
}
