import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore } from '../lib/index.js'
import { buildApp, Client, clock, KEY } from './client.js'

const HOUR = 3_600_000
const schema = z.object({ n: z.number().default(0) })

/** An app whose session is in a store that notes what it is asked, and in a cookie that ends with the browser, or does not. */
async function start(t: Test, cookie: object) {
  const asked: string[] = []
  const store: RecordStore = memoryStore()
  for (const method of ['read', 'create', 'update', 'touch', 'remove', 'readMany', 'saveMany'] as const) {
    const original = (store[method] as (...args: unknown[]) => unknown).bind(store)
    Object.assign(store, {
      [method]: (...args: unknown[]) => {
        asked.push(method)
        return original(...args)
      }
    })
  }
  const definition = { store: 'memory', schema, idle: 24 * 3600, touchAfter: 3600, cookie }
  const app = await buildApp(t, { stores: { memory: store }, sessions: { it: definition } })
  app.get('/read', async (request) => request.session('it').get('n'))
  app.get('/add', async (request) => request.session('it').update('n', (n) => (n as number) + 1))
  app.get('/attributes', async (request) => request.session('it').cookie({ sameSite: 'strict' }).get('n'))
  app.get('/new-id', async (request) => request.session('it').regenerate().id)
  app.get('/out', async (request) => request.session('it').destroy())
  app.get('/forget', async (request) => request.session('it').persist(false).isDirty)
  const client = new Client(app)
  /** What the store is asked by a request, and whether its answer has a cookie. */
  const trips = async (url: string, by = client) => {
    asked.length = 0
    const { cookies } = await by.get(url)
    return [...asked, ...cookies.map(() => 'cookie')]
  }
  return { app, client, trips }
}

const KINDS = [
  ['ends with the browser', {}],
  ['outlives the browser', { maxAge: 24 * 3600 }]
] as const

for (const [kind, cookie] of KINDS) {
  const outlives = 'maxAge' in cookie
  t.test(`a request asks the store for no more than it needs, with a cookie that ${kind}`, async (t) => {
    const { pass } = clock(t)
    const { app, client, trips } = await start(t, cookie)
    t.same(await trips('/read'), [], 'a visitor who has none')
    t.same(await trips('/attributes'), [])
    t.same(await trips('/out'), [])
    t.same(await trips('/add'), ['create', 'cookie'], 'the first change')
    t.same(await trips('/read'), ['read'], 'it is read')
    t.same(await trips('/add'), ['read', 'update'], 'it is changed')
    pass(HOUR - 1000)
    t.same(await trips('/read'), ['read'], 'its renewal is not due')
    t.same(await trips('/attributes'), ['read', 'read', 'cookie'], 'its cookie changes')
    pass(HOUR)
    // The browser has to be told when another end is to be kept.
    t.same(await trips('/read'), outlives ? ['read', 'touch', 'read', 'cookie'] : ['read', 'touch'], 'it is renewed')
    t.same(await trips('/read'), ['read'], 'once')
    pass(2 * HOUR)
    t.same(await trips('/add'), outlives ? ['read', 'update', 'cookie'] : ['read', 'update'], 'changed and renewed')
    app.sessions.rotate(['another key of thirty-two bytes or more', KEY])
    t.same(await trips('/read'), ['read', 'read', 'cookie'], 'the key of its cookie is an older one')
    const old = client.copy()
    t.same(await trips('/new-id'), ['read', 'create', 'update', 'cookie'], 'it gets another id')
    t.same(await trips('/read', old), ['read', 'read'], 'within its grace the old one is good')
    t.same(await trips('/attributes', old), ['read', 'read'], 'and gets no cookie')
    t.same(await trips('/forget'), ['read', 'update', 'cookie'], 'how long it is remembered changes')
    t.same(await trips('/out'), ['read', 'update', 'remove', 'cookie'], 'it is ended')
    t.same(await trips('/read'), [])
  })
}

t.test('nothing is asked of the store for an id whose cookie says that it has ended, or is none', async (t) => {
  const { pass } = clock(t)
  const { client, trips } = await start(t, { maxAge: 24 * 3600 })
  await client.get('/add')
  pass(25 * HOUR)
  t.same(await trips('/read'), [])
  for (const value of ['', 'x', 'x'.repeat(100)]) {
    t.same(await trips('/read', new Client(client.app, [['__Host-it', value]])), [])
  }
})
