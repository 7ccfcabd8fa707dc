import { MongoClient } from 'mongodb'
import { type Test, t as tap, test } from 'tap'
import { type MongodbStore, mongodbStore } from '../../lib/stores/mongodb.js'
import { MongoStandIn } from '../stand-ins/mongodb.js'
import { standsFaults } from './fragile.js'

tap.setTimeout(120_000)
tap.comment('against a stand-in for MongoDB: a server of one’s own would not fail when it is told to')

standsFaults({ server: (port = 0) => new MongoStandIn({ port }), open: opened, hasTimeout: true })

for (const when of ['before', 'after'] as const) {
  test(`a connection that is cut ${when} a write was carried out: it is done once, and answered so`, async (t) => {
    const server = await running(t)
    const store = opened(t, server)
    server.cut = when
    const first = await store.create('a', 'first', soon())
    t.type(first, 'string')
    server.cut = when
    const second = await store.update('a', 'second', soon(), first as string)
    t.type(second, 'string')
    t.hasStrict(await store.read('a'), { text: 'second', version: second })
    server.cut = when
    t.equal(await store.touch('a', soon()), true)
    server.cut = when
    const several = await store.saveMany([
      { kind: 'create', id: 'b', text: 'text', expires: soon() },
      { kind: 'update', id: 'a', text: 'third', expires: soon(), version: second as string },
      { kind: 'create', id: 'a', text: 'taken', expires: soon() }
    ])
    t.match(several, [String, String, undefined])
    server.cut = when
    t.equal(await store.remove('a'), true)
    t.equal(await store.read('a'), undefined)
    t.equal(server.cut, undefined, 'every cut was made')
  })
}

test('without retryable writes, a write whose answer is lost rejects', async (t) => {
  const server = await running(t)
  const store = opened(t, server, 5000, '&retryWrites=false')
  const version = (await store.create('a', 'first', soon())) as string
  server.cut = 'after'
  await t.rejects(store.update('a', 'second', soon(), version))
  t.hasStrict(await store.read('a'), { text: 'second' })
})

test('a primary that steps down is asked again', async (t) => {
  const server = await running(t)
  const store = opened(t, server)
  const version = (await store.create('a', 'first', soon())) as string
  server.refusals = 1
  t.type(await store.update('a', 'second', soon(), version), 'string')
  t.equal(server.refusals, 0)
})

test('the TTL monitor removes what has expired, and what touch or update moved stays', async (t) => {
  const server = await running(t)
  const store = opened(t, server)
  const past = Date.now() - 1000
  await store.create('expired', 'text', past)
  await store.create('live', 'text', soon())
  const version = (await store.create('moved', 'text', Date.now() + 200)) as string
  await store.touch('moved', soon())
  await store.create('ended', 'text', soon())
  await store.touch('ended', past)
  const collection = clientOf(t, server).db('test').collection('sessions')
  server.removeExpired()
  t.equal((await collection.find().toArray()).length, 4, 'no index, no TTL')
  await store.setup()
  server.removeExpired()
  t.strictSame((await collection.find().toArray()).map(({ _id }) => String(_id)).sort(), ['live', 'moved'])
  t.hasStrict(await store.read('moved'), { version })
})

test('a write that the server refuses for another reason than a live record rejects, and keeps no other from being done', async (t) => {
  const server = await running(t)
  const store = opened(t, server)
  server.isValid = ({ text }) => text !== 'invalid'
  const writes = [
    { kind: 'create', id: 'a', text: 'invalid', expires: soon() },
    { kind: 'create', id: 'b', text: 'valid', expires: soon() }
  ] as const
  await t.rejects(store.create('a', 'invalid', soon()), /failed validation/)
  await t.rejects(store.saveMany(writes))
  t.hasStrict(await store.readMany(['a', 'b']), [undefined, { text: 'valid' }])
})

test('a TTL index with another delay, which someone else made, is not taken for its own', async (t) => {
  const server = await running(t)
  const store = opened(t, server)
  await clientOf(t, server).db('test').collection('sessions').createIndex({ expires: 1 }, { expireAfterSeconds: 60 })
  await t.rejects(store.setup(), /already exists/)
})

async function running(t: Test): Promise<MongoStandIn> {
  const server = await new MongoStandIn().start()
  t.teardown(() => server.stop())
  return server
}

function clientOf(t: Test, server: MongoStandIn, options = ''): MongoClient {
  const client = new MongoClient(server.url + options)
  t.teardown(() => client.close())
  return client
}

function opened(t: Test, server: MongoStandIn, timeout = 5000, options = ''): MongodbStore {
  return mongodbStore({ collection: clientOf(t, server, options).db('test').collection('sessions'), timeout })
}

function soon(): number {
  return Date.now() + 600_000
}
