import type { AsyncRecordStore, StoredRecord, Version, Write, WriteResult } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { perform } from '../util/perform.js'
import { attempts, done } from './internal/attempts.js'
import { type Held, live } from './internal/conditional.js'
import { envelope, freshVersion, openEnvelope } from './internal/envelope.js'
import { storeOptions } from './internal/options.js'
import { allDone } from './internal/writes.js'
import { MemcachedClient, type MemcachedClientOptions, type Token, type TokenedValue } from './memcached/client.js'
import { exptime } from './memcached/exptime.js'
import { RecentTokens } from './memcached/tokens.js'

export { MemcachedClient, type MemcachedClientOptions } from './memcached/client.js'

export type MemcachedStoreOptions = {
  /** The prefix of every key: up to 200 visible characters of ASCII. Default: `'session:'`. */
  readonly prefix?: string
} & (MemcachedClientOptions | { readonly client: MemcachedClient })

export type MemcachedStore = AsyncRecordStore &
  Required<Pick<AsyncRecordStore, 'readMany' | 'saveMany' | 'setup' | 'close'>>

/**
 * Keeps records in memcached: on one server or several, or in a hosted cluster that is found through its discovery
 * endpoint (Memorystore for Memcached, as used from App Engine; ElastiCache). It only uses commands of the classic text
 * protocol: `gets`, `add`, `cas` and `delete`.
 *
 * memcached is a cache. It evicts the least recently used records when its memory is full, and forgets everything at a
 * restart. When the list of servers changes, some keys belong to another server, which does not have their records.
 * When the list changes back, a server may still have records in an old state, including removed ones. Use memcached
 * where a session that ends early costs a visitor no more than signing in again. There is no `clear`, because memcached
 * can't list its keys (`flush_all` empties a server for all who use it), and no `sweep`, because memcached removes
 * expired records itself. Tested with memcached 1.6; discovery against a stand-in for the endpoint, not with
 * Memorystore or ElastiCache.
 *
 * The end of a record is kept in its value, to the millisecond, and judged by the app's clock. So a `touch` writes the
 * whole value anew, in two round trips. An `update` of a record that this process has not read takes two as well.
 * Everything else is one round trip. A record beyond the server's `item_size_max`, 1 MB unless it was started with
 * `-I`, is refused: the write rejects with a `RangeError`.
 *
 * @throws StoreConfigError when an option can't work.
 * @example
 * ```ts
 * memcachedStore({ servers: ['10.0.0.5:11211', '10.0.0.6:11211'] })
 * memcachedStore({ discovery: '10.0.0.4:11211' })
 * ```
 */
export function memcachedStore(options: MemcachedStoreOptions): MemcachedStore {
  const { prefix = 'session:' } = storeOptions('memcached', options, OPTIONS)
  if (!/^[\x21-\x7e]{0,200}$/.test(prefix)) {
    throw new StoreConfigError('memcached', 'prefix must be at most 200 visible characters of ASCII, without spaces')
  }
  if (!('client' in options)) {
    const client = new MemcachedClient(options)
    return new InMemcached(client, prefix, () => client.close())
  }
  if (!(options.client instanceof MemcachedClient)) {
    throw new StoreConfigError('memcached', 'client must be a MemcachedClient; or leave it out and write servers')
  }
  return new InMemcached(options.client, prefix, () => {})
}

const OPTIONS = {
  prefix: true,
  client: true,
  servers: true,
  discovery: true,
  refresh: true,
  timeout: true,
  tls: true,
  auth: true
} as const

/** A record with the `cas` token of the state that was read. */
interface Tokened extends Held {
  readonly token: Token
}

/**
 * The version is kept in the value, like the end, because memcached's own token changes with every write, even with one
 * that only moves the end. The token makes a read and a write one atomic step; a call that loses the race reads again.
 */
class InMemcached implements MemcachedStore {
  readonly kind = 'record'
  readonly capabilities = {
    compareAndSet: 'shared',
    note: 'memcached evicts records when its memory is full and forgets all at a restart: sessions can end early'
  } as const

  readonly #client: MemcachedClient
  readonly #prefix: string
  readonly #end: () => void
  readonly #tokens = new RecentTokens(5000)

  constructor(client: MemcachedClient, prefix: string, end: () => void) {
    this.#client = client
    this.#prefix = prefix
    this.#end = end
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    return (await this.readMany([id]))[0]
  }

  async readMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    if (ids.length === 0) return []
    const values = await this.#client.gets([...new Set(ids.map((id) => this.#prefix + id))])
    return ids.map((id) => {
      const found = live(tokened(values.get(this.#prefix + id)))
      if (found) this.#tokens.keep(String(found.record.version), found.token, found.record.expires)
      return found?.record
    })
  }

  async create(id: string, text: string, expires: number): Promise<Version | undefined> {
    const version = freshVersion()
    const key = this.#prefix + id
    const value = envelope(version, expires, text)
    return attempts('memcached store: create', async () => {
      if (await this.#client.add(key, value, exptime(expires))) return done(version)
      const held = await this.#held(key)
      if (live(held)) return done(undefined)
      // The record has expired, but memcached counts in seconds and still has it, so it is replaced.
      const isReplaced = held && (await this.#client.cas(key, value, exptime(expires), held.token)) === 'stored'
      return isReplaced ? done(version) : undefined
    })
  }

  async update(id: string, text: string, expires: number, version: Version): Promise<Version | undefined> {
    const next = freshVersion()
    const key = this.#prefix + id
    const value = envelope(next, expires, text)
    return attempts('memcached store: update', async () => {
      const token = this.#tokens.take(String(version)) ?? (await this.#tokenOf(key, version))
      if (!token) return done(undefined)
      const outcome = await this.#client.cas(key, value, exptime(expires), token)
      if (outcome === 'changed') return undefined
      return done(outcome === 'stored' ? next : undefined)
    })
  }

  touch(id: string, expires: number): Promise<boolean> {
    const key = this.#prefix + id
    return attempts('memcached store: touch', async () => {
      const found = live(await this.#held(key))
      if (!found) return done(false)
      const value = envelope(String(found.record.version), expires, found.record.text)
      const outcome = await this.#client.cas(key, value, exptime(expires), found.token)
      return outcome === 'changed' ? undefined : done(outcome === 'stored')
    })
  }

  /** Reads the value in the same round trip, because memcached also reports success for deleting an expired record. */
  async remove(id: string): Promise<boolean> {
    const key = this.#prefix + id
    const [held, deleted] = await Promise.all([this.#held(key), this.#client.delete(key)])
    return deleted && (held === undefined || live(held) !== undefined)
  }

  saveMany(writes: readonly Write[]): Promise<readonly WriteResult[]> {
    return allDone(writes.map((write) => perform(this, write)))
  }

  async address(): Promise<string | undefined> {
    return this.#client.address
  }

  /** Requires every server to answer at start, because an unreachable one would fail its share of the sessions. */
  setup(): Promise<void> {
    return this.#client.ping()
  }

  async close(): Promise<void> {
    this.#end()
  }

  async #held(key: string): Promise<Tokened | undefined> {
    return tokened((await this.#client.gets([key])).get(key))
  }

  async #tokenOf(key: string, version: Version): Promise<Token | undefined> {
    const found = live(await this.#held(key))
    return found?.record.version === version ? found.token : undefined
  }
}

function tokened(found: TokenedValue | undefined): Tokened | undefined {
  return found && { record: openEnvelope(found.value), token: found.token }
}
