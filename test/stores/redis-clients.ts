import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { type RedisStore, type RedisStoreOptions, redisStore } from '../../lib/stores/redis.js'

/** The prefix of all keys of these tests, because the server may be shared and hold other keys. */
export const own = `sessions_test_${process.pid}:`

/** The address of a server; for a cluster, of some of its nodes. */
export interface Address {
  readonly host: string
  readonly port: number
  readonly username?: string
  readonly password?: string
  /** The number of the database. */
  readonly db?: number
}

/** Parses a URL such as `redis://user:password@localhost:6379/0`. */
export function addressIn(url: string): Address {
  const { hostname, port, username, password, pathname } = new URL(url)
  return {
    host: hostname,
    port: Number(port || 6379),
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(pathname.length > 1 && { db: Number(pathname.slice(1)) })
  }
}

/** Converts an address to node-redis's options. */
export function nodeRedisAddress({ host, port, username, password, db }: Address) {
  return {
    socket: { host, port },
    ...(username && { username }),
    ...(password && { password }),
    ...(db !== undefined && { database: db })
  }
}

/** Makes a client for commands of the test itself. */
export function bareIoredis(address: Address): Redis {
  const client = new Redis({ ...address })
  client.on('error', () => {})
  return client
}

/** A store with a client of its own. */
export interface Opened {
  readonly store: RedisStore
  close(): void
}

export type StoreOptions = Omit<RedisStoreOptions, 'client'>

/** One of the two drivers, for a single server. Both have an option `keyPrefix` of their own. */
export interface Driver {
  readonly name: string
  open(server: Address, options?: StoreOptions, keyPrefix?: string): Opened
}

export const ioredis: Driver = {
  name: 'ioredis',
  open(address, options, keyPrefix) {
    const client = new Redis({ ...address, ...(keyPrefix === undefined ? {} : { keyPrefix }) })
    client.on('error', () => {})
    return { store: redisStore({ client, prefix: own, ...options }), close: () => client.disconnect() }
  }
}

export const nodeRedis: Driver = {
  name: 'node-redis',
  open(address, options, keyPrefix) {
    const client = createClient({ ...nodeRedisAddress(address), ...(keyPrefix === undefined ? {} : { keyPrefix }) })
    client.on('error', () => {})
    client.connect().catch(() => {})
    const close = () => {
      // A client that is still connecting would otherwise stay connected.
      client.on('ready', () => client.destroy())
      client.destroy()
    }
    return { store: redisStore({ client, prefix: own, ...options }), close }
  }
}

/** One of the two drivers, for a cluster. `doors` are addresses to use instead of the nodes' own. */
export interface ClusterDriver {
  readonly name: string
  open(
    nodes: readonly Address[],
    options?: StoreOptions,
    keyPrefix?: string,
    doors?: Readonly<Record<string, Address>>
  ): Promise<Opened>
  /** Opens a client that never gets a connection. With node-redis, `open` would never return one. */
  openUnreachable(node: Address, options: StoreOptions): Opened
}

export const ioredisCluster: ClusterDriver = {
  name: 'ioredis Cluster',
  async open(nodes, options, keyPrefix, doors) {
    const client = new Cluster([...nodes], {
      ...(keyPrefix === undefined ? {} : { keyPrefix }),
      ...(doors ? { natMap: { ...doors } } : {})
    })
    client.on('error', () => {})
    return { store: redisStore({ client, ...options }), close: () => client.disconnect() }
  },
  openUnreachable(node, options) {
    const client = new Cluster([node])
    client.on('error', () => {})
    return { store: redisStore({ client, ...options }), close: () => client.disconnect() }
  }
}

export const nodeRedisCluster: ClusterDriver = {
  name: 'node-redis createCluster',
  async open(nodes, options, keyPrefix, doors) {
    const client = createCluster({
      rootNodes: nodes.map(({ host, port }) => ({ socket: { host, port } })),
      ...(keyPrefix === undefined ? {} : { keyPrefix }),
      ...(doors ? { nodeAddressMap: { ...doors } } : {})
    })
    client.on('error', () => {})
    await client.connect()
    return { store: redisStore({ client, ...options }), close: () => client.destroy() }
  },
  openUnreachable({ host, port }, options) {
    const client = createCluster({ rootNodes: [{ socket: { host, port } }] })
    client.on('error', () => {})
    client.connect().catch(() => {})
    return { store: redisStore({ client, ...options }), close: () => client.destroy() }
  }
}
