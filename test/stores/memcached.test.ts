import { type Test, t as tap, test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import { StoreConfigError } from '../../lib/errors.js'
import { MemcachedClient, type MemcachedStoreOptions, memcachedStore } from '../../lib/stores/memcached.js'
import type { Write } from '../../types/store.js'
import { clock } from '../client.js'
import { startMemcached } from '../servers/memcached.js'
import { deadPort } from '../servers/process.js'
import { countingDoor } from '../servers/trips.js'

tap.setTimeout(120_000)

const { TEST_MEMCACHED_SERVERS: given } = process.env
const started = given ? [] : [await startMemcached(), await startMemcached(), await startMemcached()]
const servers = given?.split(',') ?? started.map(({ address }) => address)
tap.teardown(() => Promise.all(started.map((server) => server.stop())))
tap.comment(given ? `the servers at ${given}` : `memcached ${await started[0]?.version()}`)

for (const [what, own] of [
  ['one server', servers.slice(0, 1)],
  ['several servers', servers]
] as const) {
  test(`the contract, kept on ${what}`, async (t) => {
    const unused = `127.0.0.1:${deadPort}`
    const cases = conformanceCases({
      open: () => memcachedStore({ servers: own }),
      neighbour: () => memcachedStore({ servers: own, prefix: 'session' }),
      unreachable: () => memcachedStore({ servers: unused, timeout: 300 }),
      lacks: ['list', 'clear', 'sweep'],
      longestText: 500_000 // the suite doubles it, and an item ends at 1 MB
    })
    for (const { name, skipped, run } of cases) await t.test(name, { skip: skipped ?? false }, run)
  })
}

test('a batch is one round trip to each server, with commands that any memcached knows', async (t) => {
  const doors = await Promise.all(servers.map((server) => countingDoor(addressIn(server))))
  t.teardown(() => Promise.all(doors.map((door) => door.close())))
  const store = opened(t, { servers: doors.map(({ host, port }) => `${host}:${port}`), prefix: 'trips:' })
  const trips = () => doors.map((door) => door.trips())
  const once = doors.map(() => 1)
  const ids = batch('trip').map(({ id }) => id)

  const created = await store.saveMany(batch('trip'))
  t.ok(created.every((version) => typeof version === 'string'))
  t.strictSame(trips(), once, 'creates')

  const records = await store.readMany(ids)
  t.strictSame(
    records.map((record) => record?.version),
    created
  )
  t.strictSame(trips(), once, 'readMany')

  const updated = await store.saveMany(ids.map((id, at) => update(id, created[at] as string)))
  t.ok(updated.every((version) => typeof version === 'string'))
  t.strictSame(trips(), once, 'updates of what was read')

  const again = await store.saveMany(ids.map((id, at) => update(id, updated[at] as string)))
  t.ok(again.every((version) => typeof version === 'string'))
  t.strictSame(trips(), [2, 2, 2].slice(0, once.length), 'updates of what was not read')

  const expires = Date.now() + 60_000
  await store.saveMany(ids.map((id) => ({ kind: 'touch', id, expires })))
  t.strictSame(trips(), [2, 2, 2].slice(0, once.length), 'touches')

  await store.saveMany(ids.map((id) => ({ kind: 'remove', id })))
  t.strictSame(trips(), once, 'removes')

  // A line of twelve letters is a record's, which begins with its version.
  const verbs = new Set(doors.flatMap((door) => Array.from(door.said().matchAll(/^[a-z]{1,11}(?= )/gm), String)))
  t.strictSame([...verbs].sort(), ['add', 'cas', 'delete', 'gets'])
})

test('an update of a state that was read, but has ended since, is told that it is gone', async (t) => {
  const store = opened(t, { servers })
  const version = (await store.create('ended', 'text', Date.now() + 60_000)) as string
  await store.read('ended')
  clock(t).pass(60_001)
  t.equal(await store.update('ended', 'late', Date.now() + 60_000, version), undefined)
  t.equal(await store.remove('ended'), false, 'though the server has it by its own clock')
})

test('a text that is longer than an item may be is refused by name, and nothing changes', async (t) => {
  const store = opened(t, { servers })
  const expires = Date.now() + 60_000
  const version = (await store.create('big', 'small', expires)) as string
  const big = 'x'.repeat(2_000_000)
  await t.rejects(store.create('bigger', big, expires), { name: 'RangeError', message: /2000030 bytes.*item_size_max/ })
  await t.rejects(store.update('big', big, expires, version), RangeError)
  t.hasStrict(await store.read('big'), { text: 'small', version })
  t.equal(await store.read('bigger'), undefined)
})

test('a thousand records are read at once', async (t) => {
  const store = opened(t, { servers, prefix: 'p'.repeat(200) })
  const many = Array.from(
    { length: 1000 },
    (_, at) => ({ ...batch('many')[0], id: `${at}`.padStart(43, '-') }) as Write
  )
  await store.saveMany(many)
  const records = await store.readMany(many.map(({ id }) => id))
  t.ok(records.every((record) => record?.text === 'text'))
})

test('a client serves several stores, and stays open when one of them is closed', async (t) => {
  const client = new MemcachedClient({ servers })
  t.teardown(() => client.close())
  const [one, other] = [memcachedStore({ client, prefix: 'one:' }), memcachedStore({ client, prefix: 'other:' })]
  const version = await one.create('a', 'text', Date.now() + 60_000)
  await one.close()
  t.equal(await other.read('a'), undefined)
  t.hasStrict(await one.read('a'), { text: 'text', version })
  client.close()
  await t.rejects(one.read('a'), /closed/)
})

test('an end before 1970 has passed, one beyond all dates is to come, one between two milliseconds is the later', async (t) => {
  const store = opened(t, { servers })
  for (const expires of [0, -1, -0.5, Number.NEGATIVE_INFINITY]) {
    t.type(await store.create(`end${expires}`, 'text', expires), 'string')
    t.equal(await store.read(`end${expires}`), undefined)
  }
  const soon = Date.now() + 60_000
  for (const [expires, end] of [
    [Number.POSITIVE_INFINITY, 8.64e15],
    [Number.MAX_VALUE, 8.64e15],
    [8.64e15, 8.64e15],
    [soon + 0.25, soon + 1]
  ] as const) {
    const version = await store.create(`end${expires}`, 'text', expires)
    t.strictSame(await store.read(`end${expires}`), { text: 'text', version, expires: end })
    t.equal(await store.touch(`end${expires}`, expires), true)
    t.strictSame(await store.read(`end${expires}`), { text: 'text', version, expires: end })
    await store.remove(`end${expires}`)
  }
})

test('an end that is no number is refused, and writes nothing', async (t) => {
  const store = opened(t, { servers })
  await t.rejects(store.create('nan', 'text', Number.NaN), RangeError)
  t.equal(await store.read('nan'), undefined)
})

test('options that can’t work are refused at once', async (t) => {
  const refused: MemcachedStoreOptions[] = [
    {},
    { servers: [] },
    { servers: 'two words' },
    { servers: 'host:99999' },
    { servers: 'host:0' },
    { servers: [''] },
    { servers, discovery: 'host:1' },
    { discovery: 'not an address' },
    { discovery: 'host:1', refresh: 0 },
    { servers, timeout: -1 },
    { servers, prefix: 'with space' },
    { servers, prefix: 'line\n' },
    { servers, prefix: 'ż' },
    { servers, prefix: 'p'.repeat(201) },
    { servers, auth: { username: 'user', password: 'pass word' } },
    { servers, auth: { username: 'user', password: 'password', scheme: 'sasl' as never } },
    { client: {} as never }
  ]
  for (const options of refused) t.throws(() => memcachedStore(options), StoreConfigError, JSON.stringify(options))
})

function opened(t: Test, options: MemcachedStoreOptions) {
  const store = memcachedStore(options)
  t.teardown(() => store.close())
  return store
}

function addressIn(server: string) {
  const [host = '', port = '11211'] = server.split(':')
  return { host, port: Number(port) }
}

function batch(name: string): readonly Write[] {
  const expires = Date.now() + 60_000
  return Array.from({ length: 60 }, (_, at) => ({ kind: 'create', id: `${name}-${at}`, text: 'text', expires }))
}

function update(id: string, version: string): Write {
  return { kind: 'update', id, text: 'new', expires: Date.now() + 60_000, version }
}
