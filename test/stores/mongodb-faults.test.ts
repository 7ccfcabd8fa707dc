import { setTimeout as sleep } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { type Test, t as tap, test } from 'tap'
import { type MongodbStore, mongodbStore } from '../../lib/stores/mongodb.js'
import { eventually } from '../servers/eventually.js'
import { freePort } from '../servers/process.js'
import { MongoStandIn } from '../stand-ins/mongodb.js'

tap.setTimeout(120_000)
tap.comment('against a stand-in for MongoDB: a server of one’s own would not fail when it is told to')

test('a server that is down at the start makes calls reject, and serves them when it is up', async (t) => {
  const server = new MongoStandIn({ port: await freePort() })
  const store = opened(t, server, 300)
  await rejectsAll(t, store, /no answer within 300 ms/)
  await t.resolves(server.start())
  t.teardown(() => server.stop())
  await eventually(async () => (await store.create('a', 'text', soon())) !== undefined)
  await store.setup()
  t.match(await store.read('a'), { text: 'text' })
})

test('a server that dies makes calls reject, and its records are back when it is', async (t) => {
  const server = await running(t)
  const store = opened(t, server, 500)
  const version = (await store.create('a', 'text', soon())) as string
  await server.stop()
  await rejectsAll(t, store)
  await server.start()
  await eventually(async () => (await store.read('a'))?.version === version)
  t.type(await store.update('a', 'after', soon(), version), 'string')
})

test('a server that dies while it is asked makes the call reject', async (t) => {
  const server = await running(t)
  const store = opened(t, server, 2000)
  await store.create('a', 'text', soon())
  await store.create('unasked', 'text', soon())
  server.pause()
  const asked = [store.read('a'), store.touch('a', soon()), store.remove('a'), store.readMany(['a', 'b'])]
  const rejected = Promise.allSettled(asked)
  await sleep(50)
  await server.stop()
  for (const { status } of await rejected) t.equal(status, 'rejected')
  await server.start()
  await eventually(async () => (await store.read('unasked'))?.text === 'text')
})

test('a server that stands still makes calls reject in time, and goes on afterwards', async (t) => {
  const server = await running(t)
  const store = opened(t, server, 300)
  const version = (await store.create('a', 'text', soon())) as string
  server.pause()
  await rejectsAll(t, store, /no answer within 300 ms/)
  server.resume()
  await eventually(async () => (await store.read('a'))?.version === version)
  t.type(await store.update('a', 'after', soon(), version), 'string')
})

test('a slow server is waited for, but not longer than the timeout', async (t) => {
  const server = await running(t)
  const patient = opened(t, server, 5000)
  const hasty = opened(t, server, 100)
  await patient.create('a', 'text', soon())
  await hasty.read('a')
  server.delay = 400
  t.match(await patient.read('a'), { text: 'text' })
  await t.rejects(hasty.read('a'), /no answer within 100 ms/)
  await t.rejects(hasty.touch('a', soon()), /no answer within 100 ms/)
  server.delay = 0
  t.match(await hasty.read('a'), { text: 'text' })
})

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
    t.match(await store.read('a'), { text: 'second', version: second })
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
  t.match(await store.read('a'), { text: 'second' })
})

test('a primary that steps down is asked again', async (t) => {
  const server = await running(t)
  const store = opened(t, server)
  const version = (await store.create('a', 'first', soon())) as string
  server.refusals = 1
  t.type(await store.update('a', 'second', soon(), version), 'string')
  t.equal(server.refusals, 0)
})

test('no increment is lost or doubled while connections are cut', async (t) => {
  const server = await running(t)
  const store = opened(t, server)
  await store.create('count', '0', soon())
  let [sure, unsure] = [0, 0]
  const increment = async () => {
    try {
      const record = await store.read('count')
      const next = String(Number(record?.text) + 1)
      if ((await store.update('count', next, soon(), record?.version ?? '')) !== undefined) sure++
    } catch {
      unsure++
    }
  }
  const some = async () => {
    for (let done = 0; done < 15; done++) await increment()
  }
  const cutting = setInterval(() => server.cutAll(), 15)
  await Promise.all([some(), some(), some()])
  clearInterval(cutting)
  const count = Number((await store.read('count'))?.text)
  t.comment(`${count} in the store, ${sure} told to be there, ${unsure} told to have failed`)
  t.ok(count >= sure && count <= sure + unsure, `${count} of ${sure} to ${sure + unsure}`)
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
  t.match(await store.read('moved'), { version })
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
  t.match(await store.readMany(['a', 'b']), [undefined, { text: 'valid' }])
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

async function rejectsAll(t: Test, store: MongodbStore, error: RegExp = /./): Promise<void> {
  const expires = soon()
  await t.rejects(store.read('a'), error, 'read')
  await t.rejects(store.create('other', 'text', expires), error, 'create')
  await t.rejects(store.update('a', 'text', expires, 'not the version'), error, 'update')
  await t.rejects(store.touch('other', expires), error, 'touch')
  await t.rejects(store.remove('other'), error, 'remove')
  await t.rejects(store.readMany(['a', 'b']), error, 'readMany')
  const writes = [
    { kind: 'touch', id: 'other', expires },
    { kind: 'remove', id: 'other' }
  ] as const
  await t.rejects(store.saveMany(writes), error, 'saveMany')
}

function soon(): number {
  return Date.now() + 600_000
}
