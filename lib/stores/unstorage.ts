import type { AsyncRecordStore } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { bridge, type Engine } from './internal/bridge.js'
import { kindOf } from './internal/clients.js'
import { storeOptions } from './internal/options.js'

/** What the store uses of a `Storage` of the package `unstorage`. */
export interface UnstorageClient {
  getItem(key: string): Promise<unknown>
  setItem(key: string, value: string, options: { readonly ttl: number }): Promise<void>
  removeItem(key: string): Promise<void>
  getKeys(base: string): Promise<readonly string[]>
}

export interface UnstorageStoreOptions {
  /** What the keys of its records begin with: letters, digits, `-`, `_`, and `:` between. Default: `sessions`. */
  readonly base?: string
  /** How long a call may take, in milliseconds, before it rejects. Default: 5000. */
  readonly timeout?: number
}

export type UnstorageStore = AsyncRecordStore & Required<Pick<AsyncRecordStore, 'setup' | 'clear' | 'sweep'>>

/**
 * Keeps records by unstorage and any of its drivers.
 *
 * What is not promised, since a driver can only get and set:
 *
 * - compare-and-set beyond this process, or beyond one storage object. Parallel requests to different processes can
 *   lose an update, and one that is slow can bring back a session that another process ended. Run one process, or use
 *   a store made for the engine.
 * - several records in one round trip: each is asked for by itself, and a write is a read and a write. `sweep` and
 *   `clear` go through all keys one by one.
 * - whole records after a crash: `fs` writes in place. `fileStore()` does not.
 * - records at once everywhere: drivers over caches at the edge answer what was some time ago.
 *
 * @throws StoreConfigError when it is no storage, or the base can't be one.
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
    // Drivers that know a time to live take it in whole seconds.
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

/** A base below this one is another store's. */
function isId(key: string, prefix: string): boolean {
  return key.startsWith(prefix) && !key.includes(':', prefix.length)
}
