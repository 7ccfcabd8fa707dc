import { type Test, t as tap, test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import { StoreConfigError } from '../../lib/errors.js'
import { type RiakFetch, type RiakStoreOptions, riakSetup, riakStore } from '../../lib/stores/riak.js'
import { deadPort } from '../servers/process.js'
import { RiakStandIn } from '../stand-ins/riak.js'

const given = process.env['TEST_RIAK_URL']
const type = process.env['TEST_RIAK_TYPE'] ?? 'sessions'
tap.comment(given ? `the server at ${given}` : 'a stand-in for Riak')

test('the contract', async (t) => {
  const url = given ?? (await running(t)).url
  const bucket = `contract-${process.pid}`
  const unused = `http://127.0.0.1:${deadPort}`
  const cases = conformanceCases({
    open: () => riakStore({ url, type, bucket, timeout: 30_000 }),
    neighbour: () => riakStore({ url, type, bucket: `${bucket}-neighbour`, timeout: 30_000 }),
    unreachable: () => riakStore({ url: unused, type, bucket }),
    lacks: ['readMany', 'saveMany', 'list']
  })
  for (const { name, skipped, run } of cases) await t.test(name, { skip: skipped ?? false }, run)
})

test('how many requests things take', async (t) => {
  const server = await running(t)
  const store = opened(server)
  const requests = () => server.requests.splice(0).map((request) => request.slice(0, request.indexOf(' ')))
  await store.read('a')
  t.strictSame(requests(), ['GET'], 'read')
  const version = (await store.create('a', 'text', soon())) as string
  t.strictSame(requests(), ['PUT'], 'create')
  await store.create('a', 'taken', soon())
  t.strictSame(requests(), ['PUT', 'GET'], 'a create where a record is')
  await store.update('a', 'new', soon(), version)
  t.strictSame(requests(), ['GET', 'PUT'], 'update')
  await store.update('a', 'late', soon(), version)
  t.strictSame(requests(), ['GET'], 'an update that comes too late')
  await store.touch('a', soon())
  t.strictSame(requests(), ['GET', 'PUT'], 'touch')
  await store.remove('a')
  t.strictSame(requests(), ['GET', 'DELETE'], 'remove')
})

test('a touch between the read and the write of an update does not make it fail', async (t) => {
  const server = await running(t)
  const [store, other] = [opened(server), opened(server)]
  const version = (await store.create('a', 'first', soon())) as string
  const end = soon() + 1000
  server.beforeWrite = async () => {
    server.beforeWrite = undefined
    t.equal(await other.touch('a', end), true)
  }
  const next = await store.update('a', 'second', end, version)
  t.hasStrict(await other.read('a'), { text: 'second', version: next, expires: end })
})

test('an update between the read and the write of another makes it fail', async (t) => {
  const server = await running(t)
  const [store, other] = [opened(server), opened(server)]
  const version = (await store.create('a', 'first', soon())) as string
  server.beforeWrite = async () => {
    server.beforeWrite = undefined
    t.type(await other.update('a', 'second', soon(), version), 'string')
  }
  t.equal(await store.update('a', 'lost', soon(), version), undefined)
  t.hasStrict(await other.read('a'), { text: 'second' })
})

test('setup takes a strongly consistent bucket type alone, and says what to do about others', async (t) => {
  const server = await running(t)
  await opened(server).setup()
  await t.rejects(opened(server, { type: 'eventual' }).setup(), StoreConfigError)
  await t.rejects(opened(server, { type: 'eventual' }).setup(), /"eventual" is not strongly consistent/)
  await t.rejects(opened(server, { type: 'missing' }).setup(), /bucket-type create missing/)
  await t.rejects(opened(server, { eventual: true }).setup(), /is strongly consistent: leave eventual out/)
  await t.rejects(opened(server, { eventual: true, type: 'siblings' }).setup(), /allow_mult: false/)
  await opened(server, { eventual: true, type: 'eventual' }).setup()
  await t.rejects(opened(server, { type: 'missing' }).read('a'), /Unknown bucket type/)
  t.equal(
    riakSetup(),
    [
      `riak admin bucket-type create sessions '{"props":{"consistent":true}}'`,
      'riak admin bucket-type activate sessions'
    ].join('\n')
  )
})

test('a store that takes eventual consistency says that it reaches no further than the process', async (t) => {
  const server = await running(t)
  t.equal(opened(server).capabilities, undefined)
  const store = opened(server, { eventual: true, type: 'eventual' })
  t.match(store.capabilities, { compareAndSet: 'process', note: /eventually consistent/ })
  await store.setup()
  const version = (await store.create('a', '0', soon())) as string
  const updates = ['1', '2', '3'].map((text) => store.update('a', text, soon(), version))
  const done = (await Promise.all(updates)).filter((next) => next !== undefined)
  t.equal(done.length, 1, 'of several updates at once, one is done')
  t.hasStrict(await store.read('a'), { version: done[0] })
  const [touched, second] = [store.touch('a', soon()), store.update('a', '4', soon(), done[0] as string)]
  await touched
  const third = store.update('a', '5', soon(), done[0] as string)
  t.match(await Promise.all([second, third]), [String, undefined], 'one that comes later waits for all before it')
  const creates = await Promise.all(['x', 'y'].map((text) => store.create('b', text, soon())))
  t.equal(creates.filter((created) => created !== undefined).length, 1)
  t.strictSame(await Promise.all([store.remove('a'), store.remove('a')]), [true, false])
  t.type(await store.create('a', 'second life', soon()), 'string')
})

for (const isRecent of [true, false]) {
  test(`with eventual consistency, a change that came before is seen, by a ${isRecent ? 'recent' : 'former'} Riak`, async (t) => {
    const server = await running(t)
    server.isRecent = isRecent
    const [mine, theirs] = eventualOnes(server)
    const version = (await mine.create('a', 'first', soon())) as string
    await mine.create('b', 'text', soon())
    server.beforeConditions = async () => {
      server.beforeConditions = undefined
      t.type(await theirs.update('a', 'theirs', soon(), version), 'string')
    }
    t.equal(await mine.update('a', 'mine', soon(), version), undefined)
    t.hasStrict(await mine.read('a'), { text: 'theirs' })
    server.beforeConditions = async () => {
      server.beforeConditions = undefined
      t.equal(await theirs.remove('b'), true)
    }
    t.equal(await mine.touch('b', soon()), !isRecent, 'a former one knows no condition that what is gone does not meet')
  })
}

test('an eventually consistent type lets two processes overwrite one another', async (t) => {
  const server = await running(t)
  const [mine, theirs] = eventualOnes(server)
  const version = (await mine.create('a', 'first', soon())) as string
  server.beforeWrite = async () => {
    server.beforeWrite = undefined
    await theirs.update('a', 'theirs', soon(), version)
  }
  t.type(await mine.update('a', 'mine', soon(), version), 'string', 'which the store promises no more')
})

test('sweep and clear pass over what was removed long ago, and sweep stops between slices', async (t) => {
  const server = await running(t)
  const store = opened(server)
  const ids = Array.from({ length: 50 }, (_, at) => `id-${at}`)
  await Promise.all(ids.map((id) => store.create(id, 'text', soon())))
  await store.remove('id-0')
  for (const id of ids.slice(1, 45)) await store.touch(id, 0)
  const controller = new AbortController()
  const sweeping = store.sweep({ signal: controller.signal })
  controller.abort()
  t.equal(await sweeping, 0)
  server.requests.length = 0
  t.equal(await store.sweep({ signal: controller.signal }), 0)
  t.strictSame(server.requests, [], 'not even the keys are listed')
  t.equal(await store.sweep(), 44)
  await store.clear()
  for (const id of ids) t.equal(await store.read(id), undefined)
})

test('a fetch of one’s own is used for all requests', async (t) => {
  const { url } = await running(t)
  let calls = 0
  const own: RiakFetch = (to, init) => {
    calls++
    return fetch(to, { ...init, headers: { ...init.headers, authorization: 'Basic abc' } })
  }
  const store = riakStore({ url, fetch: own })
  await store.setup()
  await store.create('a', 'text', soon())
  t.equal(calls, 2)
})

test('a write that a proxy sends twice is done once, and answered so', async (t) => {
  const { url } = await running(t)
  const twice: RiakFetch = async (to, init) => {
    if (init.method === 'PUT') await fetch(to, init)
    return fetch(to, init)
  }
  const store = riakStore({ url, fetch: twice, timeout: 30_000 })
  const first = (await store.create('a', 'first', soon())) as string
  t.hasStrict(await store.read('a'), { text: 'first', version: first })
  const second = await store.update('a', 'second', soon(), first)
  t.hasStrict(await store.read('a'), { text: 'second', version: second })
})

test('options that can’t work are refused at once', (t) => {
  const url = 'http://127.0.0.1:8098'
  const wrong: readonly object[] = [
    { url: undefined },
    { url: '127.0.0.1:8098' },
    { url: [] },
    { url: [url, 'ftp://host'] },
    { url: 'http://user:secret@host' },
    { url: `${url}/riak` },
    { url, type: '' },
    { url, type: 'a/b' },
    { url, bucket: '..' },
    { url, bucket: 'x'.repeat(101) },
    { url, timeout: 0 },
    { url, timeout: Number.POSITIVE_INFINITY }
  ]
  for (const options of wrong) t.throws(() => riakStore(options as RiakStoreOptions), StoreConfigError)
  t.doesNotThrow(() => riakStore({ url: `${url}/` }))
  t.end()
})

async function running(t: Test): Promise<RiakStandIn> {
  const server = await new RiakStandIn().start()
  t.teardown(() => server.stop())
  return server
}

function opened({ url }: RiakStandIn, options: Partial<RiakStoreOptions> = {}) {
  return riakStore({ url, timeout: 30_000, ...options })
}

/** Two stores as of two processes. */
function eventualOnes(server: RiakStandIn) {
  const options = { eventual: true, type: 'eventual' }
  return [opened(server, options), opened(server, options)] as const
}

function soon(): number {
  return Date.now() + 600_000
}
