import type { AsyncRecordStore, Awaitable, ReadOptions, RecordStore, StoredRecord } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { keepSealing, sealingOf } from '../seal/at-rest.js'
import type { Bounds } from '../util/durations.js'
import { requireTimeout } from './internal/in-time.js'
import { storeOptions } from './internal/options.js'
import { isRecordStore, passOn } from './internal/pass-on.js'
import { type Answer, ReadCache } from './internal/read-cache.js'

const CACHE_TTL: Bounds = { unit: 'milliseconds', least: 1, most: 24 * 60 * 60 * 1000, note: 'a day' }

export interface CachedOptions {
  /** How long a record that was read may be served again, in milliseconds, from 1 to a day. Default: 1000. */
  readonly ttl?: number
  /** The most records to keep. Those that were read from the store longest ago are dropped first. Default: 10,000. */
  readonly max?: number
}

/**
 * Serves reads from the memory of this process for a short time, in front of a store that is slow or busy.
 *
 * A *read* may be stale by up to `ttl`: it may miss a change made through another process, and this process may still
 * honour a session that was ended through another one. Where signing out has to take effect at once everywhere, leave
 * the cache out.
 *
 * A *write* is as safe as without the cache, because every write goes to the store and compares there: no update is
 * lost, and no ended session comes back. A write through this process, whether it succeeds or not, drops the cached
 * copy of its record. So a writer that lost a race reads the newer state, and no request of this process sees an older
 * one.
 *
 * Concurrent reads of one record share one read of the store. The absence of a record is not cached. Size the heap for
 * `max` records.
 *
 * @throws StoreConfigError when the first argument is not a record store, or a number is out of range.
 * @example
 * ```ts
 * const store = cached(dynamodbStore({ client }), { ttl: 500 })
 * ```
 */
export function cached(store: RecordStore, options: CachedOptions = {}): AsyncRecordStore {
  const { ttl = 1000, max = 10_000 } = storeOptions('cached', options, { ttl: true, max: true })
  if (!isRecordStore(store)) {
    throw new StoreConfigError('cached', 'expected a store that keeps records, such as redisStore({ client })')
  }
  requireTimeout('cached', ttl, 'ttl', CACHE_TTL)
  requireAtLeastOne('max', max)
  const cache = new ReadCache(ttl, max)
  const { readMany, saveMany } = store

  const read = (id: string, options?: ReadOptions) =>
    cache.find(id, options) ?? cache.fetch(id, ask(store, id, options))

  const readBatch = (ids: readonly string[], options?: ReadOptions) => {
    const answers = new Map([...new Set(ids)].map((id) => [id, cache.find(id, options)]))
    const missing = [...answers.keys()].filter((id) => answers.get(id) === undefined)
    const asked = askAll(store, missing, options)
    for (const [at, id] of missing.entries()) answers.set(id, cache.fetch(id, asked[at] as Answer))
    return Promise.all(ids.map((id) => answers.get(id) as Answer))
  }

  const writing = async <T>(ids: readonly string[], write: () => Awaitable<T>): Promise<T> => {
    try {
      return await write()
    } finally {
      cache.forget(ids)
    }
  }

  const before: AsyncRecordStore = {
    kind: 'record',
    ...passOn(store),
    read,
    create: (id, text, expires) => writing([id], () => store.create(id, text, expires)),
    update: (id, text, expires, version) => writing([id], () => store.update(id, text, expires, version)),
    touch: (id, expires) => writing([id], () => store.touch(id, expires)),
    remove: (id) => writing([id], () => store.remove(id)),
    ...(readMany && { readMany: readBatch }),
    ...(saveMany && {
      saveMany: (writes) =>
        writing(
          writes.map(({ id }) => id),
          () => saveMany.call(store, writes)
        )
    }),
    ...(store.clear && {
      clear: async () => {
        try {
          await store.clear?.()
        } finally {
          cache.clear()
        }
      }
    }),
    close: async () => {
      cache.clear()
      await store.close?.()
    }
  }
  return keepSealing(before, sealingOf(store))
}

/**
 * Reads the records in one round trip, and returns a promise for each, so that other reads of the same record can share
 * it.
 */
function askAll(store: RecordStore, ids: readonly string[], options?: ReadOptions): readonly Answer[] {
  if (ids.length < 2 || !store.readMany) return ids.map((id) => ask(store, id, options))
  const batch = askMany(store.readMany.bind(store), ids, options)
  return ids.map((_, at) => batch.then((records) => records[at]))
}

/** Returns a promise even if the store answers at once or throws. */
async function askMany(
  readMany: NonNullable<RecordStore['readMany']>,
  ids: readonly string[],
  options?: ReadOptions
): Promise<readonly (StoredRecord | undefined)[]> {
  return readMany(ids, options)
}

async function ask(store: RecordStore, id: string, options?: ReadOptions): Promise<StoredRecord | undefined> {
  return store.read(id, options)
}

/** @throws StoreConfigError when it is not a number of at least 1 */
function requireAtLeastOne(name: string, value: unknown): void {
  if (typeof value === 'number' && value >= 1) return
  throw new StoreConfigError('cached', `${name} must be a number of at least 1, or be left out; it is ${String(value)}`)
}
