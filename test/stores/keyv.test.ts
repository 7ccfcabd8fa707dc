import { Redis } from 'ioredis'
import Keyv from 'keyv'
import { t as tap, test } from 'tap'
import { conformanceCases, type StoreHarness } from '../../lib/conformance/index.js'
import { keyvStore } from '../../lib/stores/keyv.js'
import { deadPort } from '../servers/process.js'
import { startRedis } from '../servers/redis.js'

const server = await startRedis()
tap.comment(`Redis ${await server.version()}`)
const client = new Redis(server.port, server.host)
const nowhere = new Redis(deadPort, '127.0.0.1', { retryStrategy: () => null, maxRetriesPerRequest: 0 })
for (const one of [client, nowhere]) one.on('error', () => {})
tap.teardown(async () => {
  client.disconnect()
  nowhere.disconnect()
  await server.stop()
})

const shared = { memory: opened(new Map()), redis: opened(adapter(client), 'sessions') }
const common = {
  unreachable: () => keyvStore(opened(adapter(nowhere))),
  lacks: ['setup', 'sweep', 'readMany', 'saveMany']
} as const
const harnesses: Readonly<Record<string, StoreHarness>> = {
  'in memory': { ...common, open: () => keyvStore(shared.memory), neighbour: () => keyvStore(opened(new Map())) },
  'an adapter to Redis': {
    ...common,
    open: () => keyvStore(shared.redis),
    neighbour: () => keyvStore(opened(adapter(client), 'others'))
  }
}

for (const [name, harness] of Object.entries(harnesses)) {
  test(`the contract, through Keyv with ${name}`, async (t) => {
    for (const { name, skipped, run } of conformanceCases(harness)) await t.test(name, { skip: skipped ?? false }, run)
  })
}

test('the adapter is told when a record ends', async (t) => {
  const store = keyvStore(opened(adapter(client), 'ends'))
  const end = Date.now() + 60_000
  await store.create('a', 'text', end)
  await store.touch('a', end + 600_000)
  const left = await client.pttl('ends:a')
  t.ok(left > 600_000 && left <= 660_000, `${left} ms`)
})

test('a Keyv that hides errors is refused', (t) => {
  const refused = { code: 'FST_SESSIONS_STORE_CONFIG', message: /throwOnErrors: true/ }
  t.throws(() => keyvStore(new Keyv()), refused)
  t.throws(() => keyvStore({} as never), refused)
  t.throws(() => keyvStore(undefined as never), refused)
  t.end()
})

test('a record that the adapter did not set is an error', async (t) => {
  const refusing = { get: () => undefined, set: () => false, delete: () => true, clear() {} }
  await t.rejects(keyvStore(opened(refusing)).create('a', 'text', Date.now() + 60_000), /did not set/)
})

test('it says that compare-and-set reaches no further than this process', (t) => {
  t.equal(keyvStore(shared.memory).capabilities?.compareAndSet, 'process')
  t.end()
})

// biome-ignore lint/suspicious/noExplicitAny: Keyv's own type for adapters
function opened(store: any, namespace = 'sessions'): Keyv {
  const keyv = new Keyv(store, { namespace, throwOnErrors: true })
  keyv.on('error', () => {})
  return keyv
}

/** The least that an adapter has to do. Keys arrive with Keyv's namespace before them. */
function adapter(redis: Redis) {
  const store = {
    opts: {},
    namespace: undefined as string | undefined,
    get: async (key: string) => (await redis.get(key)) ?? undefined,
    set: async (key: string, value: string, ttl?: number) =>
      void (await (ttl ? redis.set(key, value, 'PX', Math.ceil(ttl)) : redis.set(key, value))),
    delete: async (key: string) => (await redis.del(key)) > 0,
    clear: async () => {
      const keys = await redis.keys(`${store.namespace}:*`)
      if (keys.length > 0) await redis.del(keys)
    },
    on: () => store
  }
  return store
}
