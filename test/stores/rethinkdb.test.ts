import { r } from 'rethinkdb-ts'
import { type Test, t as tap, test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import { StoreConfigError } from '../../lib/errors.js'
import { type RethinkdbStore, rethinkdbStore } from '../../lib/stores/rethinkdb.js'
import type { RecordStore } from '../../types/store.js'
import { eventually } from '../servers/eventually.js'
import { RethinkStandIn } from '../stand-ins/rethinkdb.js'

const given = process.env['TEST_RETHINKDB_URL']
tap.comment(given ? `the server at ${given}` : 'a stand-in for RethinkDB')

test('the contract', async (t) => {
  const port = given ? Number(new URL(given).port) : (await running(t)).port
  const closing = new Map<RecordStore, () => Promise<void>>()
  const open = async (table: string) => {
    const { store, close } = await prepared(port, table)
    closing.set(store, close)
    return store
  }
  const cases = conformanceCases({
    open: () => open('contract'),
    neighbour: () => open('neighbour'),
    close: (store) => closing.get(store)?.(),
    unreachable: async () => {
      const { store, close } = await prepared(port, 'contract')
      await close()
      return store
    },
    lacks: ['saveMany', 'list']
  })
  for (const { name, skipped, run } of cases) await t.test(name, { skip: skipped ?? false }, run)
})

test('what is read is confirmed by most replicas where that is asked for, and only then', async (t) => {
  const server = await running(t)
  const { store } = await opened(t, server)
  await store.create('a', 'text', soon())
  const connection = await r.connect({ port: server.port })
  t.teardown(() => connection.close())
  for (const [readMode, sent] of [
    ['majority', 'majority'],
    ['single', undefined]
  ] as const) {
    const reader = rethinkdbStore({ r, connection, readMode })
    server.readModes.length = 0
    t.hasStrict(await reader.read('a'), { text: 'text' })
    t.hasStrict(await reader.readMany(['a', 'b']), [{ text: 'text' }, undefined])
    t.strictSame(server.readModes, [sent, sent])
  }
  t.throws(() => rethinkdbStore({ r, connection, readMode: 'outdated' as never }), /readMode must be/)
})

test('each method is one query, and so are several reads', async (t) => {
  const server = await running(t)
  const { store } = await opened(t, server)
  const queries = () => {
    const { queries } = server
    server.queries = 0
    return queries
  }
  queries()
  const version = (await store.create('a', 'text', soon())) as string
  t.equal(queries(), 1, 'create')
  await store.update('a', 'new', soon(), version)
  t.equal(queries(), 1, 'update')
  const end = soon()
  t.equal(await store.touch('a', end), true)
  t.equal(await store.touch('a', end), true, 'to the very same end')
  t.equal(queries(), 2, 'touch')
  t.strictSame(
    (await store.readMany(['b', 'a', 'c', 'a'])).map((record) => record?.text),
    [undefined, 'new', undefined, 'new']
  )
  t.equal(queries(), 1, 'four reads')
  await store.remove('a')
  t.equal(queries(), 1, 'remove')
})

test('a sweep removes all that has ended, in slices, and nothing else', async (t) => {
  const { store } = await opened(t, await running(t))
  for (let at = 0; at < 1100; at++) await store.create(`old${at}`, 'text', Date.now() + 1)
  await store.create('new', 'text', soon())
  await eventually(async () => (await store.read('old1099')) === undefined)
  t.equal(await store.sweep(), 1100)
  t.equal(await store.sweep(), 0)
  t.hasStrict(await store.read('new'), { text: 'text' })
})

test('several processes that start at once end up with one table, and no record is lost', async (t) => {
  const server = await running(t)
  const all = await Promise.all(Array.from({ length: 5 }, () => opened(t, server)))
  const ids = all.map((_, at) => `id${at}`)
  for (const [at, { store }] of all.entries()) await store.create(`id${at}`, 'text', soon())
  for (const { store } of all) {
    t.strictSame(
      (await store.readMany(ids)).map((record) => record?.text),
      Array(5).fill('text')
    )
    t.equal(await store.sweep(), 0)
  }
  t.strictSame(server.tables, ['sessions'])
})

test('tables of one name that come to light later become one, with all that they hold', async (t) => {
  const server = await running(t)
  const { store } = await opened(t, server)
  await store.create('a', 'text', soon())
  server.duplicate('sessions', { id: 'b', text: 'other', version: 'v', expires: soon() })
  t.hasStrict(await store.readMany(['a', 'b']), [{ text: 'text' }, { text: 'other' }])
  t.strictSame(server.tables, ['sessions'])
  t.equal(await store.remove('b'), true)
  t.equal(await store.sweep(), 0)
})

test('a server that dies makes calls reject, and its records are back for another connection', async (t) => {
  const server = await running(t)
  const { store } = await opened(t, server)
  await store.create('a', 'text', soon())
  server.delay = 60_000
  const asked = [store.read('a'), store.touch('a', soon()), store.remove('a'), store.readMany(['a', 'b'])]
  const settled = Promise.allSettled(asked)
  await server.stop()
  for (const { status } of await settled) t.equal(status, 'rejected')
  await t.rejects(store.create('b', 'text', soon()))
  server.delay = 0
  await server.start()
  const { store: again } = await opened(t, server)
  t.hasStrict(await again.read('a'), { text: 'text' })
})

test('what the server says of a document rejects', async (t) => {
  const server = await running(t)
  const connection = await r.connect({ port: server.port })
  t.teardown(() => connection.close())
  const store = rethinkdbStore({ r, connection, table: 'missing' })
  await t.rejects(store.read('a'), /does not exist/)
  await t.rejects(store.create('a', 'text', soon()), /does not exist/)
})

test('what is no r, and what is no name of a table, is refused', async (t) => {
  for (const wrong of [undefined, {}, 'r']) t.throws(() => rethinkdbStore({ r: wrong as never }), StoreConfigError)
  for (const table of ['', 'a-b', 'a.b', 'x'.repeat(101)])
    t.throws(() => rethinkdbStore({ r, table }), StoreConfigError)
})

async function running(t: Test): Promise<RethinkStandIn> {
  const server = await new RethinkStandIn().start()
  t.teardown(() => server.stop())
  return server
}

async function opened(t: Test, { port }: RethinkStandIn): Promise<{ store: RethinkdbStore }> {
  const { store, close } = await prepared(port, 'sessions')
  t.teardown(close)
  return { store }
}

async function prepared(port: number, table: string) {
  const connection = await r.connect({ port })
  const store = rethinkdbStore({ r, connection, table })
  await store.setup()
  return { store, close: async () => void (await connection.close({ noreplyWait: false })) }
}

function soon(): number {
  return Date.now() + 600_000
}
