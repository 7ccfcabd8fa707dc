import { type Test, t as tap, test } from 'tap'
import { type DynamodbStore, dynamodbStore } from '../../lib/stores/dynamodb.js'
import { DynaliteServer, dynamodbClient } from '../servers/dynalite.js'
import { freePort } from '../servers/process.js'
import { everyCallRejects, standsFaults } from './fragile.js'

tap.setTimeout(120_000)
tap.comment(`against dynalite ${new DynaliteServer().version}`)

standsFaults({ server: (port) => new DynaliteServer(port), open: opened, hasTimeout: true })

for (const when of ['before', 'after'] as const) {
  test(`a connection that is cut ${when} a write was carried out: it is done once, and answered so`, async (t) => {
    const { server, store } = await running(t)
    server.cut = when
    const first = await store.create('a', 'first', soon())
    t.type(first, 'string')
    server.cut = when
    const second = await store.update('a', 'second', soon(), first as string)
    t.type(second, 'string')
    t.hasStrict(await store.read('a'), { text: 'second', version: second })
    t.equal(await store.create('a', 'third', soon()), undefined, 'a live record is still told from one’s own')
    server.cut = when
    t.equal(await store.touch('a', soon()), true)
    server.cut = when
    t.equal(await store.remove('a'), true)
    t.equal(await store.read('a'), undefined)
    t.equal(await store.remove('a'), false, 'at the first try there was nothing')
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
  t.hasStrict(await store.read('a'), { text: 'second, third' })
  t.equal(await store.update('a', 'late', soon(), version), undefined, 'refused at the first try')
})

test('without a server nothing is set up', async (t) => {
  await t.rejects(opened(t, new DynaliteServer(await freePort())).setup(), { code: 'ECONNREFUSED' })
})

test('a table that is not there makes calls reject', async (t) => {
  const server = await new DynaliteServer().start()
  t.teardown(() => server.stop())
  const store = opened(t, server)
  await everyCallRejects(t, store, 'an id', 'a version', /resource not found|ResourceNotFound/i)
  await t.rejects(store.readMany(['a', 'b']), /resource not found|ResourceNotFound/i)
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

function soon(): number {
  return Date.now() + 600_000
}
