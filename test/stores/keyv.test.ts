import { Redis } from 'ioredis'
import Keyv from 'keyv'
import Keyv6 from 'keyv6'
import { t as tap, test } from 'tap'
import { conformanceCases, type StoreHarness } from '../../lib/conformance/index.js'
import { keyvStore } from '../../lib/stores/keyv.js'
import { exactly } from '../exactly.js'
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

const versions = [['Keyv 5', opened, adapter] as const, ['Keyv 6', opened6, listingAdapter] as const]
const harnesses = versions.flatMap(([version, open, adapter]): [string, StoreHarness][] => {
  const shared = { memory: open(new Map(), 'in memory'), redis: open(adapter(client), version) }
  const unreachable = () => keyvStore(open(adapter(nowhere)))
  const common = { unreachable, lacks: ['sweep', 'readMany', 'saveMany', 'list'] } as const
  const inMemory = { open: () => keyvStore(shared.memory), neighbour: () => keyvStore(open(new Map())) }
  const inRedis = { open: () => keyvStore(shared.redis), neighbour: () => keyvStore(open(adapter(client), 'others')) }
  return [
    [`${version} in memory`, { ...common, ...inMemory }],
    [`${version} with an adapter to Redis`, { ...common, ...inRedis }]
  ]
})

for (const [name, harness] of harnesses) {
  test(`the contract, through ${name}`, async (t) => {
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
  t.doesNotThrow(() => keyvStore(new Keyv6()))
  t.end()
})

test('what is no Keyv, or one of another version, is refused', (t) => {
  const keyv = { get() {}, set() {}, delete() {}, clear() {}, on() {} }
  for (const wrong of [{}, undefined, 'redis://localhost', Keyv, Promise.resolve(new Keyv()), keyv]) {
    t.throws(() => keyvStore(wrong as never), {
      code: 'FST_SESSIONS_STORE_CONFIG',
      message: /^store "keyv": expected a Keyv/
    })
  }
  t.end()
})

test('Keyv 6 that has a listener for errors does not hide an outage, nor take a parallel one for an absent record', async (t) => {
  let isDown = false
  const records = new Map<string, string>()
  const fragile = {
    get: async (key: string) => {
      if (isDown) throw new Error('connection lost')
      return records.get(key)
    },
    set: async (key: string, value: string) => void records.set(key, value),
    delete: async (key: string) => records.delete(key),
    clear: async () => records.clear()
  }
  const keyv = opened6(fragile)
  keyv.on('error', () => {})
  const store = keyvStore(keyv)
  const version = await store.create('a', 'text', Date.now() + 60_000)
  isDown = true
  await t.rejects(store.read('a'), { message: exactly('keyv store: connection lost') })
  await t.rejects(store.update('a', 'new', Date.now() + 60_000, version as string))
  isDown = false
  t.hasStrict(await store.read('a'), { text: 'text' })
  t.equal(await store.read('b'), undefined)
})

test('a record that the adapter did not set is an error', async (t) => {
  const refusing = { get: () => undefined, set: () => false, delete: () => true, clear() {} }
  await t.rejects(keyvStore(opened(refusing)).create('a', 'text', Date.now() + 60_000), /did not set/)
})

test('it says that compare-and-set reaches no further than this process', (t) => {
  t.equal(keyvStore(opened(new Map())).capabilities?.compareAndSet, 'process')
  t.end()
})

// biome-ignore lint/suspicious/noExplicitAny: Keyv's own type for adapters
function opened(store: any, namespace = 'sessions'): Keyv {
  const keyv = new Keyv(store, { namespace, throwOnErrors: true })
  keyv.on('error', () => {})
  return keyv
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function opened6(store: any, namespace = 'sessions'): Keyv6 {
  return new Keyv6(store, { namespace })
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

/** Keyv 6 lists the keys of a namespace to clear it; Keyv 5 takes an adapter that can for one of its own. */
function listingAdapter(redis: Redis) {
  async function* iterator(namespace?: string) {
    for (const key of await redis.keys(`${namespace}:*`)) yield [key, (await redis.get(key)) ?? undefined]
  }
  return Object.assign(adapter(redis), { iterator })
}
