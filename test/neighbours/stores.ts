import { Redis } from 'ioredis'
import tap, { type Test } from 'tap'
import { fileStore, memoryStore, type RecordStore } from '../../lib/index.js'
import { redisStore } from '../../lib/stores/redis.js'
import { startRedis } from '../servers/redis.js'

const server = await startRedis()
tap.teardown(() => server.stop())

export const KINDS = ['memory', 'file', 'cookie', 'redis'] as const
export type Kind = (typeof KINDS)[number]

/** Makes a store of each kind, by the name of the kind; `cookie` is always available. */
export function storesFor(t: Test): Record<string, RecordStore> {
  const client = new Redis(server.port, server.host)
  t.teardown(() => client.disconnect())
  return {
    memory: memoryStore(),
    file: fileStore({ directory: t.testdir({}) }),
    redis: redisStore({ client })
  }
}
