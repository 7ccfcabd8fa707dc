import type { AsyncRecordStore } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { called } from '../util/callbacks.js'
import { bridge, type Engine } from './internal/bridge.js'
import { kindOf } from './internal/clients.js'
import { storeOptions } from './internal/options.js'

type Callback = (error?: unknown, value?: unknown) => void

/** The methods of an express-session store that this store uses. */
export interface ExpressSessionStore {
  get(id: string, callback: Callback): unknown
  // biome-ignore lint/suspicious/noExplicitAny: each store declares a session type of its own here
  set(id: string, session: any, callback: Callback): unknown
  destroy(id: string, callback: Callback): unknown
  clear?(callback: Callback): unknown
}

export interface ExpressStoreOptions {
  /** How long a call may take before it rejects, in milliseconds. Default: 5000. */
  readonly timeout?: number
}

export type ExpressStore = AsyncRecordStore & Required<Pick<AsyncRecordStore, 'setup'>>

/**
 * Keeps records in any store made for express-session (the `connect-…` packages). Use it to move an app over, or for an
 * engine that has no store of its own in this package. Give it an instance, prefix or table that express-session does
 * not use.
 *
 * A record is stored as the session `{ cookie, record }`. `cookie` carries the end under the names that those stores
 * read (`expires`, `maxAge` and `originalMaxAge`). `record` holds the version, the end in milliseconds and the text.
 *
 * Such a store can only get and set, so this one does not promise:
 *
 * - compare-and-set beyond this process. Parallel requests to different processes can lose an update, and a slow
 *   request can bring back a session that another process ended. Run one process, or use a store made for the engine.
 * - several records in one round trip. Each record is read by itself, and each write is a read and a write.
 * - removal of expired records, which is left to the other store. Its `touch` is not used, because it does not move the
 *   end in the record: a renewed record is written as a whole.
 *
 * There is a `clear` if the other store has one. Tested with express-session's MemoryStore and connect-redis 9.
 *
 * @throws StoreConfigError when the store has no `get`, `set` or `destroy`.
 * @example
 * ```ts
 * const store = new RedisStore({ client, prefix: 'records:' })
 * const options = defineSessions({ stores: { express: expressStore(store) }, … })
 * ```
 */
export function expressStore(store: ExpressSessionStore, options: ExpressStoreOptions = {}): ExpressStore {
  const { timeout } = storeOptions('express', options, { timeout: true })
  const lacking = (['get', 'set', 'destroy'] as const).find((method) => typeof store?.[method] !== 'function')
  if (lacking)
    throw new StoreConfigError(
      'express',
      `the store has no ${lacking}(): expected one for express-session, got ${kindOf(store)}`
    )
  const engine: Engine = {
    get: async (id) => ((await called((done) => store.get(id, done))) as Kept | null | undefined)?.record,
    put: async (id, record, expires) => void (await called((done) => store.set(id, kept(record, expires), done))),
    drop: async (id) => void (await called((done) => store.destroy(id, done))),
    clear: async () => void (await called((done) => store.clear?.(done)))
  }
  const { sweep: _, clear, ...records } = bridge('express', store, engine, { timeout })
  return store.clear ? { ...records, clear } : records
}

interface Kept {
  readonly cookie: object
  readonly record: string
}

/** Makes a new object for each write, because some stores keep the object that they are given, or write into it. */
function kept(record: string, expires: number): Kept {
  const maxAge = Math.max(1, expires - Date.now())
  const cookie = { expires: new Date(expires), maxAge, originalMaxAge: maxAge, httpOnly: true, path: '/' }
  return { cookie, record }
}
