import { type Test, t as tap, test } from 'tap'
import { type RiakStore, riakStore } from '../../lib/stores/riak.js'
import { eventually } from '../servers/eventually.js'
import { deadPort, freePort } from '../servers/process.js'
import { RiakStandIn } from '../stand-ins/riak.js'
import { everyCallRejects, standsFaults } from './fragile.js'

tap.setTimeout(120_000)
tap.comment('against a stand-in for Riak: a server of one’s own would not fail when it is told to')

standsFaults({
  server: (port) => new RiakStandIn(port),
  open: (_, { url }, timeout) => opened(url, timeout),
  hasTimeout: true
})

test('without a server nothing is set up', async (t) => {
  await t.rejects(opened(new RiakStandIn(await freePort()).url).setup(), { cause: { code: 'ECONNREFUSED' } })
})

test('what was given up leaves no connection behind', async (t) => {
  const server = await running(t)
  server.pause()
  await t.rejects(opened(server.url, 200).read('a'), /no answer within 200 ms/)
  await eventually(async () => server.connections === 0)
})

test('a connection that is reset makes a write reject, done or not, and the next one work', async (t) => {
  const server = await running(t)
  const store = opened(server.url)
  server.cut = 'before'
  await t.rejects(store.create('a', 'first', soon()))
  t.equal(await store.read('a'), undefined)
  const version = (await store.create('a', 'first', soon())) as string
  server.cut = 'after'
  await t.rejects(store.update('a', 'second', soon(), version))
  t.hasStrict(await store.read('a'), { text: 'second' })
  server.cut = 'after'
  await t.rejects(store.remove('a'))
  t.equal(await store.remove('a'), false)
})

test('a cluster that has lost its majority makes calls reject, and does not seem empty', async (t) => {
  const server = await running(t)
  const store = opened(server.url)
  await store.create('a', 'text', soon())
  server.refusals = { status: 503, count: Number.POSITIVE_INFINITY }
  await everyCallRejects(t, store, 'an id', 'a version', /503 .*request timed out/)
  await t.rejects(store.setup(), /503/)
  await t.rejects(store.sweep?.() ?? Promise.resolve(), /503/)
  server.refusals = { status: 300, count: Number.POSITIVE_INFINITY }
  await everyCallRejects(t, store, 'an id', 'a version', /unexpected status 300/)
})

test('reads, and writes that never left, go to the next node when one is down', async (t) => {
  const server = await running(t)
  const down = `http://127.0.0.1:${deadPort}`
  const version = (await opened([down, server.url]).create('a', 'text', soon())) as string
  t.hasStrict(await opened([down, server.url]).read('a'), { version })
  const store = opened([server.url, down])
  t.type(await store.update('a', 'new', soon(), version), 'string')

  const failing = await running(t)
  failing.refusals = { status: 500, count: 2 }
  t.hasStrict(await opened([failing.url, server.url]).read('a'), { text: 'new' })
  await t.rejects(opened([failing.url, server.url]).create('b', 'text', soon()), /500/)
  t.equal(await store.read('b'), undefined, 'a write that may have been done is not sent again')
})

test('a node that worked is stayed with, and one that failed left alone', async (t) => {
  const [first, second] = [await running(t), await running(t)]
  const store = opened([first.url, second.url])
  first.refusals = { status: 503, count: 1 }
  for (let turn = 0; turn < 5; turn++) await store.read('a')
  t.equal(first.requests.length, 1)
  t.equal(second.requests.length, 5)
})

async function running(t: Test): Promise<RiakStandIn> {
  const server = await new RiakStandIn().start()
  t.teardown(() => server.stop())
  return server
}

function opened(url: string | readonly string[], timeout = 30_000): RiakStore {
  return riakStore({ url, timeout })
}

function soon(): number {
  return Date.now() + 600_000
}
