import type {
  AsyncRecordStore,
  ListedRecord,
  PageOptions,
  RecordPage,
  StoredRecord,
  Version,
  Write,
  WriteResult
} from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { perform } from '../util/perform.js'
import { addressOf } from './internal/address.js'
import { kindOf } from './internal/clients.js'
import { endField, envelope, freshVersion, openEnvelope, wholeEnd } from './internal/envelope.js'
import { type Ask, asking, defaultTimeout } from './internal/in-time.js'
import { storeOptions } from './internal/options.js'
import { allDone } from './internal/writes.js'
import { type Commands, commandsOf, FIRST, keysFrom, type RedisClient, type Scan } from './redis/client.js'
import { create, type Script, touch, update } from './redis/scripts.js'

export type { IoredisClient, NodeRedisClient, RedisClient, UpstashClient } from './redis/client.js'

export interface RedisStoreOptions {
  /**
   * A client of `ioredis` or of `redis` (node-redis, connected by the app), for one server or for a cluster; or a
   * client of `@upstash/redis`, which is tested against a stand-in for Upstash's HTTP protocol in front of a Redis, not
   * with Upstash itself.
   */
  readonly client: RedisClient
  /** The prefix of every key, by which `clear` tells them from the app's other keys. Default: `'session:'`. */
  readonly prefix?: string
  /**
   * How long a call waits for an answer before it rejects, in milliseconds. Without it, both clients queue commands
   * while the server is unreachable, by default for minutes. It replaces node-redis's own `timeout` for commands.
   * Default: 5000.
   */
  readonly timeout?: number
}

export type RedisStore = AsyncRecordStore &
  Required<Pick<AsyncRecordStore, 'readMany' | 'saveMany' | 'list' | 'setup' | 'clear'>>

/**
 * Keeps records in Redis or Valkey: one server, sentinels or a cluster. A record is one string, read by one GET and
 * written by a script that compares and sets. The server removes expired records by its own clock, so there is no
 * `sweep`. Tested with Redis 7.0 and 8.0, and with Valkey 9.1; the commands exist in every Redis since 2.8 and in every
 * Valkey.
 *
 * Three things are up to the app:
 *
 * - Eviction. With any `maxmemory-policy` but `noeviction`, sessions can end early. With `noeviction`, writes reject
 *   when memory is full, and `remove` still works.
 * - Replicas. Read from masters, as both clients do by default, because a replica may be behind.
 * - Fail-over. Replication is asynchronous, so losing a master can undo the writes of the last moments, including
 *   removals.
 *
 * A call that timed out may still be carried out if its command has been sent, and with ioredis also if the command
 * waits for a connection. To fail at once while there is no connection, give ioredis `enableOfflineQueue: false` or
 * node-redis `disableOfflineQueue: true`.
 *
 * @throws StoreConfigError when the client is of another kind, or the prefix is empty.
 * @example
 * ```ts
 * const client = createClient({ url: 'redis://localhost:6379' }) // or: new Redis('redis://localhost:6379')
 * client.on('error', (error) => app.log.error(error))
 * await client.connect()
 * const options = defineSessions({ stores: { redis: redisStore({ client }) }, … })
 * ```
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  const {
    client,
    prefix = 'session:',
    timeout = defaultTimeout
  } = storeOptions('redis', options, { client: true, prefix: true, timeout: true })
  const commands = commandsOf(client)
  if (!commands) {
    const expected = 'client must be a client of the package "ioredis", "redis" or "@upstash/redis"'
    throw new StoreConfigError('redis', `${expected}; it is ${kindOf(client)}`)
  }
  if (typeof prefix !== 'string' || prefix === '') {
    throw new StoreConfigError('redis', 'prefix must be a text of at least one letter, or be left out')
  }
  return new InRedis(commands, prefix, asking(timeout, 'redis'), () => addressOf(client))
}

/**
 * The store sends the commands of a batch all at once and separately: that is one round trip to each node, and the
 * records of the batch may be on different nodes.
 */
class InRedis implements RedisStore {
  readonly kind = 'record'
  readonly #commands: Commands
  readonly #prefix: string
  readonly #ask: Ask
  readonly #where: () => string | undefined

  constructor(commands: Commands, prefix: string, ask: Ask, where: () => string | undefined) {
    this.#commands = commands
    this.#prefix = prefix
    this.#ask = ask
    this.#where = where
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    const kept = await this.#ask((late) => this.#commands.get(this.#prefix + id, late))
    return kept === null ? undefined : openEnvelope(String(kept))
  }

  async create(id: string, text: string, expires: number): Promise<Version | undefined> {
    const version = freshVersion()
    const done = await this.#run(create, id, [String(wholeEnd(expires)), envelope(version, expires, text)])
    return done ? version : undefined
  }

  async update(id: string, text: string, expires: number, version: Version): Promise<Version | undefined> {
    const next = freshVersion()
    const parameters = [String(wholeEnd(expires)), envelope(next, expires, text), String(version)]
    return (await this.#run(update, id, parameters)) ? next : undefined
  }

  touch(id: string, expires: number): Promise<boolean> {
    return this.#run(touch, id, [String(wholeEnd(expires)), endField(expires)])
  }

  async remove(id: string): Promise<boolean> {
    return Number(await this.#ask((late) => this.#commands.del(this.#prefix + id, late))) === 1
  }

  readMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    return allDone(ids.map((id) => this.read(id)))
  }

  saveMany(writes: readonly Write[]): Promise<readonly WriteResult[]> {
    return allDone(writes.map((write) => perform(this, write)))
  }

  async address(): Promise<string | undefined> {
    return this.#where()
  }

  /**
   * Runs the command of a later request, so that an unreachable server or a missing permission is reported at start.
   */
  async setup(): Promise<void> {
    await this.touch('setup', 0)
  }

  async clear(): Promise<void> {
    const pages = keysFrom(this.#commands, this.#prefix)
    const next = () => this.#ask(() => pages.next())
    for (let page = await next(); !page.done; page = await next()) {
      await allDone(page.value.map((key) => this.#ask((late) => this.#commands.del(key, late))))
    }
  }

  /**
   * Lists the records node by node, in SCAN's order. A position is the index of a node and SCAN's cursor there.
   *
   * @throws RangeError when `after` is no such position
   */
  async list({ after = `0.${FIRST}`, limit }: PageOptions): Promise<RecordPage> {
    let [, node, cursor] = (PLACE.exec(after) ?? refuse(after)) as unknown as [string, string, string]
    const scans = await this.#scans()
    const records = new Map<string, ListedRecord>()
    for (let trips = 0; trips < MOST_TRIPS && 2 * records.size < limit; trips++) {
      const scan = scans[Number(node)]
      if (scan === undefined) return { records: [...records.values()], next: undefined }
      const { keys, next } = await this.#ask(() => scan(cursor, limit))
      for (const record of await this.#recordsAt(keys)) records.set(record.id, record)
      ;[node, cursor] = next === undefined ? [String(Number(node) + 1), FIRST] : [node, next]
    }
    return { records: [...records.values()], next: `${node}.${cursor}` }
  }

  /**
   * Reads the records at these keys. A longer key belongs to another store whose prefix begins with this one's, and is
   * left out.
   */
  async #recordsAt(keys: readonly string[]): Promise<readonly ListedRecord[]> {
    const ids = keys.map((key) => key.slice(this.#prefix.length)).filter((id) => ID.test(id))
    const records = await this.readMany(ids)
    return ids.flatMap((id, at) => {
      const record = records[at]
      return record === undefined ? [] : { id, ...record }
    })
  }

  #scans(): Promise<readonly Scan[]> {
    return this.#ask(() => this.#commands.scans(this.#prefix))
  }

  async #run(script: Script, id: string, parameters: string[]): Promise<boolean> {
    return Number(await this.#ask((late) => this.#commands.run(script, this.#prefix + id, parameters, late))) === 1
  }
}

/**
 * The most round trips for a page. A page may then have few records or none, when the app has many more other keys than
 * sessions.
 */
const MOST_TRIPS = 50

const PLACE = /^(\d{1,9})\.(\d{1,20})$/

const ID = /^[\w-]{43}$/

function refuse(after: string): never {
  throw new RangeError(`redis store: list: after: expected the next of a page, got ${after.length} other characters`)
}
