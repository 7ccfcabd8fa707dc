import { setTimeout as sleep } from 'node:timers/promises'
import { type Test, t as tap, test } from 'tap'
import { type DynamodbStore, dynamodbStore } from '../../lib/stores/dynamodb.js'
import { DynaliteServer, dynamodbClient } from '../servers/dynalite.js'
import { eventually } from '../servers/eventually.js'
import { freePort } from '../servers/process.js'

tap.setTimeout(120_000)
tap.comment(`against dynalite ${new DynaliteServer().version}`)

test('a server that is down at the start makes calls reject, and serves them when it is up', async (t) => {
  const server = new DynaliteServer(await freePort())
  const store = opened(t, server)
  await rejectsAll(t, store)
  await t.rejects(store.setup())
  await server.start()
  t.teardown(() => server.stop())
  await store.setup()
  t.type(await store.create('a', 'text', soon()), 'string')
})

test('a server that dies makes calls reject, and its records are back when it is', async (t) => {
  const { server, store } = await running(t)
  const version = (await store.create('a', 'text', soon())) as string
  await server.stop()
  await rejectsAll(t, store)
  await server.start()
  await eventually(async () => (await store.read('a'))?.version === version)
  t.type(await store.update('a', 'after', soon(), version), 'string')
})

test('a server that dies while it is asked makes the call reject', async (t) => {
  const { server, store } = await running(t)
  await store.create('a', 'text', soon())
  server.pause()
  const asked = [store.read('a'), store.touch('a', soon()), store.remove('a'), store.readMany(['a', 'b'])]
  const rejected = Promise.allSettled(asked)
  await sleep(50)
  await server.stop()
  for (const { status } of await rejected) t.equal(status, 'rejected')
  await server.start()
  t.match(await store.read('a'), { text: 'text' })
})

test('a server that stands still makes calls reject in time, and goes on afterwards', async (t) => {
  const { server, store } = await running(t)
  const version = (await store.create('a', 'text', soon())) as string
  server.pause()
  await rejectsAll(t, opened(t, server, 300), /no answer within 300 ms/)
  server.resume()
  await eventually(async () => (await store.read('a'))?.version === version)
  t.type(await store.update('a', 'after', soon(), version), 'string')
})

test('a slow server is waited for, but not longer than the timeout', async (t) => {
  const { server, store } = await running(t)
  await store.create('a', 'text', soon())
  server.delay = 600
  t.match(await store.read('a'), { text: 'text' })
  const hasty = opened(t, server, 200)
  await t.rejects(hasty.read('a'), /no answer within 200 ms/)
  await t.rejects(hasty.touch('a', soon()), /no answer within 200 ms/)
})

for (const when of ['before', 'after'] as const) {
  test(`a connection that is cut ${when} a write was carried out: it is done once, and answered so`, async (t) => {
    const { server, store } = await running(t)
    server.cut = when
    const first = await store.create('a', 'first', soon())
    t.type(first, 'string')
    server.cut = when
    const second = await store.update('a', 'second', soon(), first as string)
    t.type(second, 'string')
    t.match(await store.read('a'), { text: 'second', version: second })
    t.equal(await store.create('a', 'third', soon()), undefined, 'a live record is still told from one’s own')
    server.cut = when
    t.equal(await store.touch('a', soon()), true)
    server.cut = when
    await store.remove('a')
    t.equal(await store.read('a'), undefined)
    t.equal(server.cut, undefined, 'every cut was made')
  })
}

test('an update whose first try may have been overwritten rejects, for nobody knows whether it was done', async (t) => {
  const { server, store: other } = await running(t)
  const client = dynamodbClient(server.endpoint)
  t.teardown(() => client.destroy())
  const version = (await other.create('a', 'first', soon())) as string
  let tries = 0
  const losesTheFirstAnswer = (next: (args: never) => Promise<unknown>) => async (args: never) => {
    const isFirst = tries++ === 0
    const answer = await next(args)
    if (!isFirst) return answer
    const written = await other.read('a')
    await other.update('a', `${written?.text}, third`, soon(), written?.version ?? '')
    throw Object.assign(new Error('lost'), { name: 'TimeoutError' })
  }
  client.middlewareStack.add(losesTheFirstAnswer as never, { step: 'finalizeRequest', priority: 'low' })
  const store = dynamodbStore({ client, timeout: 30_000 })
  await t.rejects(store.update('a', 'second', soon(), version), { name: 'ConditionalCheckFailedException' })
  t.equal(tries, 2)
  t.match(await store.read('a'), { text: 'second, third' })
  t.equal(await store.update('a', 'late', soon(), version), undefined, 'refused at the first try')
})

test('no increment is lost or doubled while connections are cut', async (t) => {
  const { server, store } = await running(t)
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
    for (let done = 0; done < 30; done++) await increment()
  }
  const cutting = setInterval(() => server.cutAll(), 15)
  await Promise.all([some(), some(), some()])
  clearInterval(cutting)
  // A connection that was just cut may still be in the pool.
  await eventually(async () => (await store.read('count')) !== undefined)
  const count = Number((await store.read('count'))?.text)
  t.comment(`${count} in the store, ${sure} told to be there, ${unsure} told to have failed`)
  t.ok(count >= sure && count <= sure + unsure, `${count} of ${sure} to ${sure + unsure}`)
})

test('a table that is not there makes calls reject', async (t) => {
  const server = await new DynaliteServer().start()
  t.teardown(() => server.stop())
  const store = opened(t, server)
  await rejectsAll(t, store, /resource not found|ResourceNotFound/i)
  await t.rejects(store.clear())
})

async function running(t: Test): Promise<{ server: DynaliteServer; store: DynamodbStore }> {
  const server = await new DynaliteServer().start()
  t.teardown(() => server.stop())
  const store = opened(t, server)
  await store.setup()
  return { server, store }
}

function opened(t: Test, server: DynaliteServer, timeout = 30_000): DynamodbStore {
  const client = dynamodbClient(server.endpoint)
  t.teardown(() => client.destroy())
  return dynamodbStore({ client, timeout })
}

async function rejectsAll(t: Test, store: DynamodbStore, error: RegExp = /./): Promise<void> {
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
