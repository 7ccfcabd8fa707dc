import type { AsyncRecordStore } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { reasonOf } from '../util/reason.js'
import { bridge, type Engine } from './internal/bridge.js'
import { kindOf } from './internal/clients.js'
import { storeOptions } from './internal/options.js'

/** The members of a `Keyv` that the store uses. */
export interface KeyvClient {
  /** Only in Keyv 5. */
  readonly throwOnErrors?: boolean
  /** Only in Keyv 6. */
  readonly throwOnEmptyListeners?: boolean
  on(event: 'error', listener: (error: unknown) => void): unknown
  get(key: string): Promise<unknown>
  set(key: string, value: string, ttl: number): Promise<boolean>
  delete(key: string): Promise<boolean>
  clear(): Promise<void>
}

export interface KeyvStoreOptions {
  /** How long a call may take before it rejects, in milliseconds. Default: 5000. */
  readonly timeout?: number
}

export type KeyvStore = AsyncRecordStore & Required<Pick<AsyncRecordStore, 'setup' | 'clear'>>

/**
 * Keeps records in Keyv 5 or 6 with any of its adapters. Give the store a Keyv of its own, with a namespace: `clear` is
 * Keyv's, and with some adapters (such as a Map) it removes everything that the adapter holds.
 *
 * Keyv can only get and set, so the store does not promise:
 *
 * - compare-and-set beyond this process, or beyond one Keyv object. Parallel requests to different processes can lose
 *   an update, and a slow request can bring back a session that another process ended. Run one process, or use a store
 *   made for the engine.
 * - several records in one round trip. Each record is read by itself, and each write is a read and a write.
 * - removal of expired records. Keyv passes the time to live to its adapter; an adapter without one (such as a Map)
 *   keeps expired records until they are read.
 *
 * Keyv reports an error as a missing key, which would sign users out. So Keyv 5 must be made with `throwOnErrors:
 * true`, and so must its adapter if it has that option (`@keyv/redis` has). Keyv 6 has no such option and emits an
 * `error` event: the store listens to it, and a call during which Keyv emitted an error rejects, unless it found a
 * value.
 *
 * @throws StoreConfigError when it is not a Keyv, when the Keyv hides errors, or when the timeout can't work.
 * @example
 * ```ts
 * const keyv = new Keyv(adapter, { namespace: 'sessions' }) // Keyv 5: and throwOnErrors: true
 * const options = defineSessions({ stores: { keyv: keyvStore(keyv) }, … })
 * ```
 */
export function keyvStore(keyv: KeyvClient, options: KeyvStoreOptions = {}): KeyvStore {
  const { timeout } = storeOptions('keyv', options, { timeout: true })
  refuseOthers(keyv)
  const { sweep: _, ...records } = bridge('keyv', keyv, engineOn(keyv, errorsOf(keyv)), { timeout })
  return records
}

function engineOn(keyv: KeyvClient, errors: Errors): Engine {
  const { unlessErrors } = errors
  return {
    get: (key) => unlessErrors(() => keyv.get(key), isThere),
    put: async (key, value, expires) => {
      const done = await unlessErrors(() => keyv.set(key, value, Math.max(1, expires - Date.now())), isThere)
      if (!done) throw new Error('keyv store: the adapter did not set the record')
    },
    drop: async (key) => void (await unlessErrors(() => keyv.delete(key), isThere)),
    clear: () =>
      unlessErrors(
        () => keyv.clear(),
        () => false
      )
  }
}

function isThere(answer: unknown): boolean {
  return answer !== undefined && answer !== false
}

interface Errors {
  unlessErrors<T>(ask: () => Promise<T>, isSure: (answer: T) => boolean): Promise<T>
}

/**
 * Watches the errors of a Keyv. Keyv emits an error before the call returns, but does not say which call failed: it may
 * be any call that is under way.
 */
function errorsOf(keyv: KeyvClient): Errors {
  let count = 0
  let last: unknown
  const keep = (error: unknown) => {
    count++
    last = error
  }
  if (!('throwOnErrors' in keyv)) keyv.on('error', keep)
  return {
    async unlessErrors(ask, isSure) {
      const before = count
      const answer = await ask()
      if (count !== before && !isSure(answer)) throw new Error(`keyv store: ${reasonOf(last)}`, { cause: last })
      return answer
    }
  }
}

/** @throws StoreConfigError when it is no Keyv, or one that hides errors */
function refuseOthers(keyv: KeyvClient): void {
  if (typeof keyv?.get !== 'function' || typeof keyv.set !== 'function' || typeof keyv.delete !== 'function') {
    throw new StoreConfigError('keyv', `expected a Keyv, as new Keyv(adapter) makes it, got ${kindOf(keyv)}`)
  }
  if (keyv.throwOnErrors === true || keyv.throwOnEmptyListeners === true) return
  throw new StoreConfigError(
    'keyv',
    'throwOnErrors' in keyv
      ? 'this Keyv hides errors, so an outage would look like signed-out users: make it with throwOnErrors: true'
      : `expected a Keyv 5 or 6, as new Keyv(adapter) makes it, got ${kindOf(keyv)}`
  )
}
