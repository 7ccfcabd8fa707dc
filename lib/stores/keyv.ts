import type { AsyncRecordStore } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { bridge } from './internal/bridge.js'

/** What the store uses of a `Keyv`. */
export interface KeyvClient {
  readonly throwOnErrors: boolean
  get(key: string): Promise<unknown>
  set(key: string, value: string, ttl: number): Promise<boolean>
  delete(key: string): Promise<boolean>
  clear(): Promise<void>
}

export type KeyvStore = AsyncRecordStore & Required<Pick<AsyncRecordStore, 'clear'>>

/**
 * Keeps records by a Keyv 5 and any of its adapters. Give it a Keyv of its own, with a namespace: `clear` is Keyv's,
 * which some adapters (a Map among them) carry out on all that they hold.
 *
 * What is not promised, since Keyv can only get and set:
 *
 * - compare-and-set beyond this process, or beyond one Keyv object. Parallel requests to different processes can lose
 *   an update, and one that is slow can bring back a session that another process ended. Run one process, or use a
 *   store made for the engine.
 * - several records in one round trip: each is asked for by itself, and a write is a read and a write.
 * - time limits: set those of the adapter's client.
 * - removing what has expired: Keyv hands its adapter the time to live, and an adapter without one (a Map) keeps
 *   expired records until they are asked for.
 *
 * Keyv by default answers an error as if there were no such key, which would sign people out. It must be made with
 * `throwOnErrors: true`; so must its adapter, where it has an option of that name (`@keyv/redis` has).
 *
 * @throws StoreConfigError when it is no Keyv, or one that hides errors.
 * @example
 * ```ts
 * const keyv = new Keyv(adapter, { namespace: 'sessions', throwOnErrors: true })
 * const options = defineSessions({ stores: { keyv: keyvStore(keyv) }, … })
 * ```
 */
export function keyvStore(keyv: KeyvClient): KeyvStore {
  if (typeof keyv?.get !== 'function' || typeof keyv.set !== 'function' || typeof keyv.delete !== 'function') {
    throw new StoreConfigError('keyv', 'expected a Keyv, as new Keyv(adapter, { throwOnErrors: true }) makes it')
  }
  if (keyv.throwOnErrors !== true) {
    throw new StoreConfigError(
      'keyv',
      'this Keyv hides errors, so an outage would look like signed-out users: make it with throwOnErrors: true'
    )
  }
  const { sweep: _, ...records } = bridge(keyv, {
    get: (key) => keyv.get(key),
    put: async (key, value, expires) => {
      const done = await keyv.set(key, value, Math.max(1, expires - Date.now()))
      if (!done) throw new Error('keyv store: the adapter did not set the record')
    },
    drop: async (key) => void (await keyv.delete(key)),
    clear: () => keyv.clear()
  })
  return records
}
