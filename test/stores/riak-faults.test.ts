import { type Test, t as tap, test } from 'tap'
import { type RiakStore, riakStore } from '../../lib/stores/riak.js'
import { eventually } from '../servers/eventually.js'
import { freePort } from '../servers/process.js'
import { RiakStandIn } from '../stand-ins/riak.js'

tap.setTimeout(120_000)
tap.comment('against a stand-in for Riak: a server of one’s own would not fail when it is told to')

test('a server that is down at the start makes calls reject, and serves them when it is up', async (t) => {
  const server = new RiakStandIn(await freePort())
  const store = opened(server.url)
  await rejectsAll(t, store, /fetch failed/)
  await t.rejects(store.setup(), { cause: { code: 'ECONNREFUSED' } })
  await server.start()
  t.teardown(() => server.stop())
  await store.setup()
  t.type(await store.create('a', 'text', soon()), 'string')
})

test('a server that dies makes calls reject, and its records are back when it is', async (t) => {
  const server = await running(t)
  const store = opened(server.url)
  const version = (await store.create('a', 'text', soon())) as string
  await server.stop()
  await rejectsAll(t, store)
  await server.start()
  await eventually(async () => (await store.read('a'))?.version === version)
  t.type(await store.update('a', 'after', soon(), version), 'string')
})

test('a server that dies while it is asked makes the call reject', async (t) => {
  const server = await running(t)
  const store = opened(server.url)
  await store.create('a', 'text', soon())
  server.pause()
  server.requests.length = 0
  const asked = [store.read('a'), store.create('b', 'text', soon()), store.touch('a', soon()), store.remove('a')]
  const rejected = Promise.allSettled(asked)
  await eventually(async () => server.requests.length === asked.length)
  await server.stop()
  for (const { status } of await rejected) t.equal(status, 'rejected')
  await server.start()
  t.match(await store.read('a'), { text: 'text' })
})

test('a server that stands still makes calls reject in time, and goes on afterwards', async (t) => {
  const server = await running(t)
  const store = opened(server.url)
  const version = (await store.create('a', 'text', soon())) as string
  server.pause()
  await rejectsAll(t, opened(server.url, 200), /no answer within 200 ms/)
  server.resume()
  t.match(await store.read('a'), { version })
})

test('a slow server is waited for, but not longer than the timeout', async (t) => {
  const server = await running(t)
  const store = opened(server.url)
  await store.create('a', 'text', soon())
  server.delay = 400
  t.match(await store.read('a'), { text: 'text' })
  await t.rejects(opened(server.url, 100).read('a'), /no answer within 100 ms/)
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
  t.match(await store.read('a'), { text: 'second' })
  server.cut = 'after'
  await t.rejects(store.remove('a'))
  t.equal(await store.remove('a'), false)
})

test('a cluster that has lost its majority makes calls reject, and does not seem empty', async (t) => {
  const server = await running(t)
  const store = opened(server.url)
  await store.create('a', 'text', soon())
  server.refusals = { status: 503, count: Number.POSITIVE_INFINITY }
  await rejectsAll(t, store, /503 .*request timed out/)
  await t.rejects(store.setup(), /503/)
  await t.rejects(store.sweep?.() ?? Promise.resolve(), /503/)
  server.refusals = { status: 300, count: Number.POSITIVE_INFINITY }
  await rejectsAll(t, store, /unexpected status 300/)
})

test('reads, and writes that never left, go to the next node when one is down', async (t) => {
  const server = await running(t)
  const down = `http://127.0.0.1:${await freePort()}`
  const version = (await opened([down, server.url]).create('a', 'text', soon())) as string
  t.match(await opened([down, server.url]).read('a'), { version })
  const store = opened([server.url, down])
  t.type(await store.update('a', 'new', soon(), version), 'string')

  const failing = await running(t)
  failing.refusals = { status: 500, count: 2 }
  t.match(await opened([failing.url, server.url]).read('a'), { text: 'new' })
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

test('no increment is lost or doubled while connections are cut', async (t) => {
  const server = await running(t)
  const store = opened(server.url)
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
    for (let done = 0; done < 60; done++) await increment()
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

async function running(t: Test): Promise<RiakStandIn> {
  const server = await new RiakStandIn().start()
  t.teardown(() => server.stop())
  return server
}

function opened(url: string | readonly string[], timeout = 30_000): RiakStore {
  return riakStore({ url, timeout })
}

async function rejectsAll(t: Test, store: RiakStore, error: RegExp = /./): Promise<void> {
  await t.rejects(store.read('a'), error, 'read')
  await t.rejects(store.create('a', 'text', soon()), error, 'create')
  await t.rejects(store.update('a', 'text', soon(), 'not the version'), error, 'update')
  await t.rejects(store.touch('a', soon()), error, 'touch')
  await t.rejects(store.remove('a'), error, 'remove')
}

function soon(): number {
  return Date.now() + 600_000
}
