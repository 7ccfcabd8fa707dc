import { t as tap, test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import type { RecordStore, Write } from '../../types/store.js'
import { deadPort } from '../servers/process.js'
import { startRedisCluster } from '../servers/redis.js'
import { countingDoor } from '../servers/trips.js'
import {
  type Address,
  addressIn,
  ioredisCluster,
  nodeRedisCluster,
  type Opened,
  type StoreOptions
} from './redis-clients.js'

tap.setTimeout(120_000)

const { TEST_REDIS_CLUSTER_URLS: given } = process.env
const cluster = given ? undefined : await startRedisCluster()
const nodes: readonly Address[] = cluster?.nodes ?? String(given).split(',').map(addressIn)
const notOurs = 'a cluster of others names its nodes by addresses that lead past what counts the trips'
tap.teardown(() => cluster?.stop())
tap.comment(
  cluster ? `Redis ${await cluster.nodes[0]?.version()}, three nodes in a cluster` : `the cluster at ${given}`
)

for (const driver of [ioredisCluster, nodeRedisCluster]) {
  test(`the contract, kept in a cluster through ${driver.name}`, async (t) => {
    const opened = new Map<RecordStore, Opened>()
    const keep = (one: Opened) => {
      opened.set(one.store, one)
      return one.store
    }
    const open = async (options: StoreOptions = {}) => keep(await driver.open(nodes, options))
    const unused = { host: '127.0.0.1', port: deadPort }
    const cases = conformanceCases({
      open: () => open(),
      close: (store) => opened.get(store)?.close(),
      neighbour: () => open({ prefix: 'session' }),
      unreachable: () => keep(driver.openUnreachable(unused, { timeout: 300 })),
      lacks: ['sweep']
    })
    for (const { name, skipped, run } of cases) await t.test(name, { skip: skipped ?? false }, run)
  })

  test(`a batch over all nodes is one round trip to each through ${driver.name}`, {
    skip: cluster ? false : notOurs
  }, async (t) => {
    const doors = await Promise.all(nodes.map(countingDoor))
    const elsewhere = nodes.map(({ host, port }, at) => [`${host}:${port}`, doors[at] as Address] as const)
    const { store, close } = await driver.open(nodes, {}, undefined, Object.fromEntries(elsewhere))
    t.teardown(async () => {
      close()
      await Promise.all(doors.map((door) => door.close()))
    })
    const trips = () => doors.map((door) => door.trips())
    await store.saveMany(batch('warm'))
    await store.readMany(batch('warm').map(({ id }) => id))
    trips()

    const results = await store.saveMany(batch('create'))
    t.strictSame(trips(), [1, 1, 1], 'saveMany')

    const ids = batch('create').map(({ id }) => id)
    const records = await store.readMany(ids)
    t.strictSame(trips(), [1, 1, 1], 'readMany')
    t.strictSame(
      records.map((record) => record?.version),
      results
    )
    await store.clear()
  })

  test(`clear empties every node, behind the keyPrefix of ${driver.name}`, async (t) => {
    const mine = await driver.open(nodes, { prefix: 'a*:' }, 'app?:')
    const other = await driver.open(nodes, { prefix: 'ab:' }, 'app?:')
    const bare = await driver.open(nodes, { prefix: 'a*:' }, 'appX:')
    t.teardown(() => {
      for (const { close } of [mine, other, bare]) close()
    })
    const ids = batch('kept').map(({ id }) => id)
    for (const { store } of [mine, other, bare]) await store.saveMany(batch('kept'))
    await mine.store.clear()
    t.ok((await mine.store.readMany(ids)).every((record) => record === undefined))
    for (const { store } of [other, bare]) {
      t.ok((await store.readMany(ids)).every((record) => record !== undefined))
      await store.clear()
    }
  })

  test(`clear is whole on the first command of a fresh client of ${driver.name}`, async (t) => {
    const early = await driver.open(nodes, { prefix: 'early:' })
    await early.store.saveMany(batch('early'))
    early.close()
    const late = await driver.open(nodes.slice(0, 1), { prefix: 'early:' })
    t.teardown(late.close)
    await late.store.clear()
    const left = await late.store.readMany(batch('early').map(({ id }) => id))
    t.ok(left.every((record) => record === undefined))
  })
}

/** Enough for every node to get some. */
function batch(name: string): readonly Write[] {
  const expires = Date.now() + 60_000
  return Array.from({ length: 60 }, (_, at) => ({ kind: 'create', id: `${name}-${at}`, text: 'text', expires }))
}
