import { type Test, t as tap, test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import { type MemcachedStoreOptions, memcachedStore } from '../../lib/stores/memcached.js'
import type { Write } from '../../types/store.js'
import { until } from '../client.js'
import { eventually } from '../servers/eventually.js'
import { startMemcached } from '../servers/memcached.js'
import { countingDoor } from '../servers/trips.js'
import { startDiscovery } from '../stand-ins/memcached-discovery.js'

tap.setTimeout(120_000)

const nodes = await Promise.all([startMemcached(), startMemcached(), startMemcached()])
const servers = nodes.map(({ address }) => address)
tap.teardown(() => Promise.all(nodes.map((node) => node.stop())))
tap.comment(`memcached ${await nodes[0]?.version()} behind a stand-in for the discovery endpoint`)

test('the contract, kept on a cluster that is found by its discovery endpoint', async (t) => {
  const endpoint = await started(t, servers)
  const cases = conformanceCases({
    open: () => memcachedStore({ discovery: endpoint.address }),
    neighbour: () => memcachedStore({ discovery: endpoint.address, prefix: 'session' }),
    unreachable: () => memcachedStore({ discovery: '127.0.0.1:1', timeout: 300 }),
    lacks: ['list', 'clear', 'sweep'],
    longestText: 500_000
  })
  for (const { name, skipped, run } of cases) await t.test(name, { skip: skipped ?? false }, run)
})

test('all the servers of the list are used, and the endpoint is asked once', async (t) => {
  const doors = await Promise.all(nodes.map(countingDoor))
  t.teardown(() => Promise.all(doors.map((door) => door.close())))
  const endpoint = await started(
    t,
    doors.map(({ host, port }) => `${host}:${port}`)
  )
  const store = opened(t, { discovery: endpoint.address })
  await store.saveMany(batch('all'))
  t.strictSame(
    doors.map((door) => door.trips()),
    [1, 1, 1]
  )
  t.equal(endpoint.asked, 1)
})

test('a server that joins takes its share of the keys, and the others keep theirs', async (t) => {
  const endpoint = await started(t, servers.slice(0, 2))
  const store = opened(t, { discovery: endpoint.address, refresh: 50, prefix: 'join:' })
  const ids = batch('join').map(({ id }) => id)
  await store.saveMany(batch('join'))

  endpoint.announce(servers)
  const gone = async () => (await store.readMany(ids)).filter((record) => record === undefined).length
  await eventually(async () => (await gone()) > 0)
  const moved = await gone()
  t.comment(`${moved} of ${ids.length} records were left behind on the servers of before`)
  t.ok(moved < ids.length / 2, 'about a third')
  await store.saveMany(batch('join'))
  t.equal(await gone(), 0)
})

test('a server that leaves the list is not asked any more', async (t) => {
  const leaving = await startMemcached()
  t.teardown(() => leaving.stop())
  const endpoint = await started(t, [...servers, leaving.address])
  const store = opened(t, { discovery: endpoint.address, timeout: 500, prefix: 'leave:' })
  const ids = batch('leave').map(({ id }) => id)
  await store.saveMany(batch('leave'))

  await leaving.kill()
  await t.rejects(store.readMany(ids), /memcached 127/, 'as long as it is listed, its keys are out of reach')
  endpoint.announce(servers)
  await eventually(async () => {
    await store.readMany(ids)
    return true
  })
  const records = await store.readMany(ids)
  t.ok(records.some((record) => record !== undefined))
  t.ok(endpoint.asked > 1, 'a server that fails is a reason to ask again before the interval is over')
})

test('a change of the list disturbs neither what is under way nor the servers that stay', async (t) => {
  const doors = await Promise.all(nodes.map(countingDoor))
  t.teardown(() => Promise.all(doors.map((door) => door.close())))
  const listed = doors.map(({ host, port }) => `${host}:${port}`)
  const endpoint = await started(t, listed)
  const store = opened(t, { discovery: endpoint.address, refresh: 10, timeout: 30_000, prefix: 'change:' })
  const ids = batch('change').map(({ id }) => id)
  await store.saveMany(batch('change'))

  const reads: Promise<unknown>[] = []
  for (let round = 0; round < 20; round++) {
    endpoint.announce(round % 2 ? listed : listed.slice(1))
    reads.push(...ids.map((id) => store.read(id)))
    const { asked } = endpoint
    await until(() => endpoint.asked > asked)
  }
  await t.resolves(Promise.all(reads))
  t.ok((doors[0]?.connections ?? 0) > 1, 'the one that comes and goes')
  t.strictSame(
    doors.slice(1).map((door) => door.connections),
    [1, 1],
    'the ones that stay'
  )
  endpoint.announce(listed.slice(1))
  await eventually(async () => doors[0]?.open === 0)
})

test('an endpoint that is down fails the first command, and none once there is a list', async (t) => {
  const endpoint = await started(t, servers)
  const early = opened(t, { discovery: endpoint.address, refresh: 50, prefix: 'down:' })
  await early.saveMany(batch('down'))
  endpoint.refuse()
  const late = opened(t, { discovery: endpoint.address, timeout: 300, prefix: 'down:' })
  await t.rejects(late.read('down-0'), /memcached 127/)
  const { refused } = endpoint
  await until(() => endpoint.refused > refused + 2)
  t.hasStrict(await early.read('down-0'), { text: 'text' })
})

test('a list that is older than the one at hand changes nothing', async (t) => {
  const endpoint = await started(t, servers)
  const store = opened(t, { discovery: endpoint.address, refresh: 20, prefix: 'older:' })
  await store.saveMany(batch('older'))
  endpoint.announce(['127.0.0.1:1'], 0)
  const { asked } = endpoint
  await eventually(async () => endpoint.asked > asked + 2)
  t.hasStrict(await store.read('older-0'), { text: 'text' })
})

test('what is no list of servers is refused, and the list at hand stays', async (t) => {
  const endpoint = await started(t, servers)
  const store = opened(t, { discovery: endpoint.address, refresh: 20, prefix: 'bad:' })
  await store.saveMany(batch('bad'))
  for (const payload of ['', '9', '9\n', '9\n||\n', '9\na|b\n', 'x\n127.0.0.1|127.0.0.1|11211\n', '9\nh|h|99999\n']) {
    endpoint.announceText(payload)
    const fresh = opened(t, { discovery: endpoint.address })
    await t.rejects(fresh.read('bad-0'), /no list of servers/, JSON.stringify(payload))
    const { asked } = endpoint
    await eventually(async () => endpoint.asked > asked + 1)
    t.hasStrict(await store.read('bad-0'), { text: 'text' })
  }
})

test('a plain memcached is told from a discovery endpoint', async (t) => {
  const store = opened(t, { discovery: servers[0] as string })
  await t.rejects(store.read('a'), /ERROR/)
})

async function started(t: Test, list: readonly string[]) {
  const endpoint = await startDiscovery(list)
  t.teardown(() => endpoint.close())
  return endpoint
}

function opened(t: Test, options: MemcachedStoreOptions) {
  const store = memcachedStore(options)
  t.teardown(() => store.close())
  return store
}

function batch(name: string): readonly Write[] {
  const expires = Date.now() + 60_000
  return Array.from({ length: 60 }, (_, at) => ({ kind: 'create', id: `${name}-${at}`, text: 'text', expires }))
}
