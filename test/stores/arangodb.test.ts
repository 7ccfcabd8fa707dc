import { Database } from 'arangojs'
import { type Test, t as tap, test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import { StoreConfigError } from '../../lib/errors.js'
import { type ArangodbStore, arangodbStore } from '../../lib/stores/arangodb.js'
import { deadPort } from '../servers/process.js'
import { ArangoStandIn } from '../stand-ins/arangodb.js'
import { standsFaults } from './fragile.js'

const given = process.env['TEST_ARANGODB_URL']
tap.comment(given ? `the server at ${given}` : 'a stand-in for ArangoDB')

test('the contract', async (t) => {
  const url = given ?? (await running(t)).url
  const unused = `http://127.0.0.1:${deadPort}`
  const cases = conformanceCases({
    open: () => prepared(url, 'contract'),
    neighbour: () => prepared(url, 'neighbour'),
    unreachable: () => opened(unused),
    lacks: ['saveMany', 'list', 'sweep']
  })
  for (const { name, skipped, run } of cases) await t.test(name, { skip: skipped ?? false }, run)
})

test('how many requests things take', async (t) => {
  const server = await running(t)
  const store = await prepared(server.url)
  t.strictSame(server.indexOf('sessions'), { type: 'ttl', fields: ['ends'], expireAfter: 0 })
  server.requests.length = 0
  const requests = () => server.requests.splice(0).map((request) => request.slice(0, request.indexOf(' ')))
  const version = (await store.create('a', 'text', soon())) as string
  t.strictSame(requests(), ['POST'], 'create')
  await store.readMany(['a', 'b', 'c', 'd'])
  t.strictSame(requests(), ['PUT'], 'four reads')
  await store.update('a', 'new', soon(), version)
  t.strictSame(requests(), ['GET', 'PUT'], 'update')
  await store.update('a', 'late', soon(), version)
  t.strictSame(requests(), ['GET'], 'an update that comes too late')
  await store.remove('a')
  t.strictSame(requests(), ['GET', 'DELETE'], 'remove')
})

test('what comes between the read and the write of an update counts', async (t) => {
  const server = await running(t)
  const [store, other] = [await prepared(server.url), await prepared(server.url)]
  const version = (await store.create('a', 'first', soon())) as string
  const between = (act: () => unknown) => {
    server.beforeWrite = async () => {
      server.beforeWrite = undefined
      await act()
    }
  }
  between(() => other.touch('a', soon()))
  const second = (await store.update('a', 'second', soon(), version)) as string
  t.type(second, 'string', 'a touch does not make it fail')
  between(() => other.update('a', 'theirs', soon(), second))
  t.equal(await store.update('a', 'mine', soon(), second), undefined, 'an update does')
  t.hasStrict(await store.read('a'), { text: 'theirs' })
  between(() => other.remove('a'))
  const { version: theirs } = (await store.read('a')) as { version: string }
  t.equal(await store.update('a', 'mine', soon(), theirs), undefined, 'a removal does')
  t.equal(await store.read('a'), undefined)
})

test('several processes set up at once', async (t) => {
  const server = await running(t)
  await t.resolves(Promise.all(Array.from({ length: 5 }, () => prepared(server.url))))
})

test('a collection is made with the replication factor that is given, or the database’s own', async (t) => {
  const server = await running(t)
  const database = new Database({ url: server.url })
  for (const [name, replicationFactor] of [
    ['three', 3],
    ['everywhere', 'satellite'],
    ['own', undefined]
  ] as const) {
    const collection = database.collection(name)
    await arangodbStore({ collection, ...(replicationFactor && { replicationFactor }) }).setup()
    const { replicationFactor: made } = server.made.get(name) as { replicationFactor?: unknown }
    t.equal(made, replicationFactor)
  }
  for (const wrong of [0, 1.5, '3', Number.NaN, null]) {
    const options = { collection: database.collection('wrong'), replicationFactor: wrong as never }
    t.throws(() => arangodbStore(options), /replicationFactor must be a whole number of servers/)
  }
})

standsFaults({ server: (port) => new ArangoStandIn(port), open: (_, { url }) => opened(url), hasTimeout: false })

test('what is no collection is refused', async (t) => {
  for (const wrong of [undefined, 'sessions', new Database()]) {
    t.throws(() => arangodbStore({ collection: wrong as never }), StoreConfigError)
  }
})

async function running(t: Test): Promise<ArangoStandIn> {
  const server = await new ArangoStandIn().start()
  t.teardown(() => server.stop())
  return server
}

async function prepared(url: string, name?: string): Promise<ArangodbStore> {
  const store = opened(url, name)
  await store.setup()
  return store
}

function opened(url: string, name = 'sessions'): ArangodbStore {
  return arangodbStore({ collection: new Database({ url }).collection(name) })
}

function soon(): number {
  return Date.now() + 600_000
}
