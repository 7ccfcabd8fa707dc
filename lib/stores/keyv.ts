import type { AsyncRecordStore } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { reasonOf } from '../util/reason.js'
import { bridge, type Engine } from './internal/bridge.js'
import { kindOf } from './internal/clients.js'
import { storeOptions } from './internal/options.js'

/** What the store uses of a `Keyv`. */
export interface KeyvClient {
  /** Of Keyv 5 alone. */
  readonly throwOnErrors?: boolean
  /** Of Keyv 6 alone. */
  readonly throwOnEmptyListeners?: boolean
  on(event: 'error', listener: (error: unknown) => void): unknown
  get(key: string): Promise<unknown>
  set(key: string, value: string, ttl: number): Promise<boolean>
  delete(key: string): Promise<boolean>
  clear(): Promise<void>
}

export interface KeyvStoreOptions {
  /** How long a call may take, in milliseconds, before it rejects. Default: 5000. */
  readonly timeout?: number
}

export type KeyvStore = AsyncRecordStore & Required<Pick<AsyncRecordStore, 'setup' | 'clear'>>

/**
 * Keeps records by Keyv 5 or 6 and any of its adapters. Give it a Keyv of its own, with a namespace: `clear` is Keyv's,
 * which some adapters (a Map among them) carry out on all that they hold.
 *
 * What is not promised, since Keyv can only get and set:
 *
 * - compare-and-set beyond this process, or beyond one Keyv object. Parallel requests to different processes can lose
 *   an update, and one that is slow can bring back a session that another process ended. Run one process, or use a
 *   store made for the engine.
 * - several records in one round trip: each is asked for by itself, and a write is a read and a write.
 * - removing what has expired: Keyv hands its adapter the time to live, and an adapter without one (a Map) keeps
 *   expired records until they are asked for.
 *
 * Keyv answers an error as if there were no such key, which would sign people out. Keyv 5 must be made with
 * `throwOnErrors: true`; so must its adapter, where it has an option of that name (`@keyv/redis` has). Keyv 6 has no such
 * option and tells its listeners for `error`: the store is one of them, and a call during which Keyv told of an error
 * rejects, unless it found what it looked for.
 *
 * @throws StoreConfigError when it is no Keyv, or one that hides errors, or the timeout can't work.
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

/** Keyv tells of an error before it answers, but not which call met it: any that was under way may have. */
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
