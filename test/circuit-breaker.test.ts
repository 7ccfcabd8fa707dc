import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore } from '../lib/index.js'
import { breakerOf } from '../lib/records/circuit-breaker.js'
import { buildApp, Client, gate, until } from './client.js'
import { exactly } from './exactly.js'

const schema = z.object({ n: z.number().default(0) })

/** A store whose reads are answered as the test says, and are counted. */
function moody() {
  const engine = memoryStore()
  const reading = engine.read.bind(engine)
  const told = {
    reads: 0,
    answer: async (id: string): Promise<unknown> => reading(id),
    read(id: string) {
      this.reads++
      return this.answer(id)
    }
  }
  const store = Object.assign(engine, told)
  return { store, engine: store as unknown as RecordStore, reading }
}

/** Lets the short time run out for which requests wait, once there are so many reads. */
async function afterReads(store: { readonly reads: number }, count: number): Promise<void> {
  await until(() => store.reads === count)
  mock.timers.tick(100)
}

const refuse = async () => {
  throw new Error('connection refused')
}

async function shop(t: Test, definition: object = {}, clearMarker?: object) {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const { store, engine, reading } = moody()
  const app = await buildApp(t, {
    stores: { it: engine, memory: memoryStore() },
    sessions: { cart: { schema, store: 'it', ...definition }, list: { schema, store: 'it' } },
    ...clearMarker
  })
  app.get('/add', async (request) => request.session('cart').update('n', (n) => (n as number) + 1))
  app.get('/cart', async (request) => request.session('cart').get('n'))
  app.get('/empty', async (request) => [request.session('cart').problem, request.session('cart').get('n')])
  app.get('/load', { config: { sessions: false } }, async (request) => (await request.session('cart').load()).get('n'))
  app.get('/about', async () => 'about')
  const client = async () => {
    const visitor = new Client(app)
    await visitor.get('/add')
    return visitor
  }
  return { app, store, reading, client, breaker: breakerOf(engine) }
}

const never = () => new Promise<never>(() => {})

/** What is answered when nobody waits any longer. */
async function impatient<T>(store: { readonly reads: number }, answering: Promise<T>): Promise<T> {
  await afterReads(store, store.reads + 1)
  return answering
}

t.test(
  'while a store is silent, requests wait for it only a moment, and those that use no session are served',
  async (t) => {
    const { store, client, breaker } = await shop(t)
    const ada = await client()
    store.answer = refuse
    t.equal((await ada.get('/about')).body, 'about')
    t.equal(breaker.isOpen, true)
    store.answer = never
    t.equal((await impatient(store, ada.get('/about'))).body, 'about')
    t.match((await impatient(store, ada.get('/cart'))).json(), {
      statusCode: 503,
      code: 'FST_SESSIONS_STORE',
      message: exactly('session "cart": its store failed: it could not be read')
    })
  }
)

t.test('when no probe gets an answer, further requests do not ask and do not wait', async (t) => {
  const { store, client } = await shop(t)
  const ada = await client()
  store.answer = refuse
  await ada.get('/about')
  store.answer = never
  store.reads = 0
  const many = Promise.all(Array.from({ length: 30 }, () => ada.get('/about')))
  await afterReads(store, 8)
  t.same(
    (await many).map(({ body }) => body),
    Array(30).fill('about')
  )
  t.match(await ada.json('/cart'), {
    statusCode: 503,
    message: exactly('session "cart": its store failed: it could not be read')
  })
  t.equal(store.reads, 8)
  mock.timers.tick(5000)
  await impatient(store, ada.get('/about'))
  t.equal(store.reads, 9, 'after a while, one that never answers makes room')
})

t.test('whoever waits for a probe reads normally when that gets its answer, and nothing is lost', async (t) => {
  const { store, reading, client, breaker } = await shop(t)
  const visitors = await Promise.all(Array.from({ length: 20 }, client))
  store.answer = refuse
  t.equal((await (visitors[0] as Client).get('/add')).statusCode, 503)
  const recovered = gate()
  store.reads = 0
  store.answer = async (id) => {
    await recovered.opened
    return reading(id)
  }
  const answers = visitors.map((visitor) => visitor.get('/add'))
  await until(() => store.reads === 8)
  recovered.open()
  t.same(
    (await Promise.all(answers)).map(({ body }) => body),
    Array(20).fill('2')
  )
  t.equal(store.reads, 20)
  t.equal(breaker.isOpen, false)
})

t.test('an answer that comes when nobody waits for it any more closes the circuit', async (t) => {
  const { store, reading, client, breaker } = await shop(t)
  const ada = await client()
  store.answer = refuse
  await ada.get('/about')
  const recovered = gate()
  store.answer = async (id) => {
    await recovered.opened
    return reading(id)
  }
  t.equal((await impatient(store, ada.get('/cart'))).statusCode, 503)
  recovered.open()
  await until(() => !breaker.isOpen)
  t.equal((await ada.get('/cart')).body, '1')
})

t.test("one visitor's unreadable record makes no request of others fail", async (t) => {
  const { store, reading, client } = await shop(t)
  const [ada, ...others] = (await Promise.all(Array.from({ length: 20 }, client))) as [Client, ...Client[]]
  const broken: string[] = []
  store.answer = async (id) => void broken.push(id)
  await ada.get('/about')
  store.answer = async (id) => (broken.includes(id) ? refuse() : reading(id))
  const bad = Array.from({ length: 20 }, () => ada.get('/cart'))
  const good = await Promise.all([...others, ...others].map((other) => other.get('/cart')))
  t.same(
    good.map(({ body }) => body),
    Array(38).fill('1')
  )
  t.same(
    (await Promise.all(bad)).map(({ statusCode }) => statusCode),
    Array(20).fill(503)
  )
  t.equal((await others[0]?.get('/cart'))?.body, '1')
})

t.test('whoever waits for a probe that fails becomes one', async (t) => {
  const { store, client } = await shop(t)
  const ada = await client()
  store.answer = refuse
  await ada.get('/about')
  store.reads = 0
  const many = await Promise.all(Array.from({ length: 20 }, () => ada.get('/cart')))
  t.same(
    many.map(({ statusCode }) => statusCode),
    Array(20).fill(503)
  )
  t.equal(store.reads, 20)
})

t.test('a session that was not read is empty only where the definition says so, and is not saved', async (t) => {
  const { store, reading, client } = await shop(t, { onStoreError: 'empty' })
  const ada = await client()
  store.answer = refuse
  await ada.get('/about')
  store.answer = never
  t.same((await impatient(store, ada.get('/empty'))).json(), ['store', 0])
  await impatient(store, ada.get('/add'))
  store.answer = async (id) => reading(id)
  t.equal((await ada.get('/add')).body, '2')
})

t.test('a session that is loaded by hand does not wait for a store that is silent either', async (t) => {
  const { store, reading, client } = await shop(t)
  const ada = await client()
  store.answer = refuse
  t.equal((await ada.get('/load')).statusCode, 503)
  store.answer = never
  t.equal((await impatient(store, ada.get('/load'))).statusCode, 503)
  store.answer = async (id) => reading(id)
  t.equal((await ada.get('/load')).body, '1')
})

t.test('several sessions of one store are one probe, and only those that can not be read fail', async (t) => {
  const { store, reading, app, client } = await shop(t)
  app.get('/both', async (request) => {
    request.session('list').set('n', 5)
    return request.session('cart').get('n')
  })
  app.get('/list', async (request) => request.session('list').get('n'))
  const ada = await client()
  const cart: string[] = []
  store.answer = async (id) => void cart.push(id)
  await ada.get('/about')
  store.answer = async (id) => reading(id)
  await ada.get('/both')
  Object.assign(store, { readMany: undefined })
  store.answer = async (id) => (cart.includes(id) ? refuse() : reading(id))
  t.same([(await ada.get('/cart')).statusCode, (await ada.get('/list')).body], [503, '5'])
  t.same([(await ada.get('/cart')).statusCode, (await ada.get('/list')).body], [503, '5'])
})

t.test('the clear marker does not wait for a store that is silent either', async (t) => {
  const { store, reading, client } = await shop(t, { store: 'memory' }, { clearMarker: { store: 'it', refresh: 0 } })
  const ada = await client()
  store.answer = refuse
  t.equal((await ada.get('/cart')).statusCode, 503)
  store.answer = never
  t.equal((await impatient(store, ada.get('/about'))).body, 'about')
  t.match((await impatient(store, ada.get('/cart'))).json(), { statusCode: 503, message: /its store failed/ })
  store.answer = async (id) => reading(id)
  t.equal((await ada.get('/cart')).body, '1')
})

t.test('who gets no answer is told why the store failed before', async (t) => {
  const { store, client, breaker } = await shop(t)
  const ada = await client()
  const cause = new Error('connection refused')
  store.answer = async () => {
    throw cause
  }
  await ada.get('/about')
  const silent = breaker.run(never)
  setImmediate(() => mock.timers.tick(100))
  await t.rejects(silent, { message: exactly('no answer within 100 ms; it failed before: connection refused'), cause })
})

t.test('a store that is slow and has not failed is waited for, however long it takes', async (t) => {
  const { breaker } = await shop(t)
  const answer = gate()
  const waiting = breaker.run(async () => {
    await answer.opened
    return 'answered'
  })
  mock.timers.tick(60_000)
  await new Promise(setImmediate)
  answer.open()
  t.equal(await waiting, 'answered')
})

t.test('who is not asked is told so, and why the store failed before', async (t) => {
  const { breaker } = await shop(t)
  const cause = new Error('connection refused')
  breaker.open(cause)
  const probes = Array.from({ length: 8 }, () => breaker.run(never).catch(({ message }) => message))
  const refused = breaker.run(never)
  setImmediate(() => mock.timers.tick(100))
  await t.rejects(refused, {
    message: exactly('not asked, since it answers nobody; it failed before: connection refused'),
    cause
  })
  t.same(await Promise.all(probes), Array(8).fill('no answer within 100 ms; it failed before: connection refused'))
})
