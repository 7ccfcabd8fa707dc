import t, { type Test } from 'tap'
import { z } from 'zod'
import { fileStore, memoryStore, type RecordStore, type StoredRecord, type StoredSession } from '../lib/index.js'
import { formatRecord, parseRecord, type SessionRecord } from '../lib/records/record.js'
import { cached } from '../lib/stores/cached.js'
import { encrypted } from '../lib/stores/encrypted.js'
import { buildApp, Client, clock } from './client.js'
import { directoryFor } from './servers/process.js'
import { waiting } from './subjects/turns.js'

const schema = z.object({ user: z.string().optional() })

async function shop(t: Test, store: RecordStore, names: readonly string[] = ['login', 'cart']) {
  const sessions = Object.fromEntries(names.map((name) => [name, { store: 'store', schema }]))
  const app = await buildApp(t, { stores: { store }, sessions })
  for (const name of names) {
    app.get(`/${name}/:user`, async (request) => {
      const { user } = request.params as { user: string }
      return request.session(name).regenerate().identify(user, 'org:7').set('user', user).id
    })
    app.get(`/${name}`, async (request) => request.session(name).set('user', 'somebody').id)
    app.get(`/${name}/out`, async (request) => void request.session(name).destroy())
  }
  return app
}

type App = Awaited<ReturnType<typeof shop>>

async function all(app: App, limit?: number, store?: string): Promise<readonly StoredSession[]> {
  const sessions: StoredSession[] = []
  let next: string | undefined
  do {
    const page = await app.sessions.list({ limit, after: next, store })
    sessions.push(...page.sessions)
    next = page.next
  } while (next !== undefined)
  return sessions
}

const byId = (sessions: readonly StoredSession[]) => new Map(sessions.map((each) => [each.id, each]))

for (const [engine, open] of Object.entries({
  memory: async () => memoryStore(),
  file: async (t: Test) => fileStore({ directory: await directoryFor(t, 'listing') }),
  'a cache': async () => cached(memoryStore()),
  encryption: async () => encrypted(memoryStore(), { keys: ['a key of thirty-two bytes or more, for tests only'] })
})) {
  t.test(
    `${engine}: all sessions are listed, page by page, with their names, users and ends, and nothing else`,
    async (t) => {
      const app = await shop(t, await open(t))
      const before = Date.now()
      const ids: string[] = []
      for (let at = 0; at < 30; at++) {
        ids.push((await new Client(app).get(at % 3 === 0 ? `/login/user${at}` : '/cart')).body)
      }
      const gone = new Client(app)
      ids.push((await gone.get('/login/gone')).body)
      await gone.get('/login/again')
      const again = (await app.sessions.of('again'))[0]?.id as string
      const out = new Client(app)
      await out.get('/cart')
      await out.get('/cart/out')
      for (const limit of [1, 7, 1000]) {
        const listed = await all(app, limit)
        const found = byId(listed)
        t.equal(listed.length, 31)
        t.same([...found.keys()].sort(), [...ids.slice(0, 30), again].sort())
        const { createdAt, expiresAt, ...first } = found.get(ids[0] as string) as StoredSession
        t.same(first, { id: ids[0], name: 'login', subjects: ['user0', 'org:7'] })
        t.ok(+createdAt >= before && +createdAt <= Date.now())
        t.equal(Math.round((+expiresAt - before) / 86_400_000), 14)
        t.hasStrict(found.get(ids[1] as string), { name: 'cart', subjects: [] })
      }
    }
  )
}

t.test('a page that was begun in one process goes on in another', async (t) => {
  const store = memoryStore()
  const [one, other] = [await shop(t, store), await shop(t, store)]
  await other.ready()
  const ids = await Promise.all(Array.from({ length: 20 }, async () => (await new Client(one).get('/cart')).body))
  const { sessions, next } = await one.sessions.list({ limit: 5 })
  const rest = await other.sessions.list({ limit: 1000, after: next })
  t.equal(rest.next, undefined)
  t.same([...sessions, ...rest.sessions].map(({ id }) => id).sort(), [...ids].sort())
})

t.test('what has expired or was cleared is not listed', async (t) => {
  const { pass } = clock(t)
  const store = memoryStore()
  // It can't remove what was cleared.
  const app = await shop(t, { ...waiting(store, () => {}), list: (options) => store.list(options) })
  await new Client(app).get('/cart')
  t.equal((await all(app)).length, 1)
  pass(15 * 24 * 60 * 60 * 1000)
  t.same(await all(app), [])
  await new Client(app).get('/cart')
  t.equal((await all(app)).length, 1)
  pass(1000)
  await app.sessions.clear()
  t.same(await all(app), [])
})

t.test('a store with the sessions of one definition keeps no names, and knows them all the same', async (t) => {
  const store = memoryStore()
  const app = await shop(t, store, ['cart'])
  const client = new Client(app)
  const { body: id } = await client.get('/cart')
  t.equal(((await store.read(id)) as StoredRecord).text.includes('cart'), false)
  t.hasStrict(await all(app), [{ id, name: 'cart' }])
  const both = await shop(t, store)
  await both.ready()
  t.hasStrict(await all(both), [{ id, name: undefined }])
  await client.copy(both).get('/cart/ada')
  t.hasStrict(await all(both), [{ name: 'cart', subjects: ['ada', 'org:7'] }])
})

t.test('one session is not opened by the name of another where records tell it', async (t) => {
  const app = await shop(t, memoryStore())
  const { body: id } = await new Client(app).get('/cart')
  t.equal(await app.sessions.open('login', id), undefined)
  t.equal((await app.sessions.open('cart', id))?.get('user'), 'somebody')
})

t.test('a process that knows of no names keeps or drops them, and reads the rest', async (t) => {
  const store = memoryStore()
  const app = await shop(t, store)
  const client = new Client(app)
  const { body: id } = await client.get('/cart')
  const { text, expires, version } = (await store.read(id)) as StoredRecord
  const { c, p } = parseRecord(text) as SessionRecord
  t.equal(parseRecord(text)?.d, 'cart')
  await store.update(id, formatRecord({ c, p }), expires, version)
  t.hasStrict(await all(app), [{ id, name: undefined }])
  t.not((await app.sessions.open('cart', id)) ?? null, null)
  await client.get('/cart')
  t.hasStrict(await all(app), [{ id, name: 'cart' }])
})

t.test('a store that can not list says so by its name, and so does an app without the store', async (t) => {
  const refusal = async (app: App, options?: unknown) => {
    try {
      await app.sessions.list(options as never)
      return 'listed'
    } catch (error) {
      const { code, message } = error as { code: string; message: string }
      return `${code} ${message}`
    }
  }
  const app = await shop(
    t,
    waiting(memoryStore(), () => {})
  )
  t.match(await refusal(app), /^FST_SESSIONS_CONFIG app\.sessions\.list\(\): too early/)
  await app.ready()
  t.equal(
    await refusal(app),
    'FST_SESSIONS_UNSUPPORTED store "store" can not list its records: its engine has no way to go through them all'
  )
  t.match(
    await refusal(app, { store: 'redis' }),
    /^FST_SESSIONS_CONFIG .*"redis" is not a record store; there are store$/
  )
  const two = await buildApp(t, { stores: { one: memoryStore(), other: memoryStore() } })
  await two.ready()
  t.equal(await refusal(two), 'FST_SESSIONS_CONFIG app.sessions.list(): store: say which one: one, other')
  t.equal(await refusal(two, { store: 'one' }), 'listed')
  const wrong = (text: string) => `FST_SESSIONS_CONFIG app.sessions.list(): ${text}`
  for (const [options, text] of [
    [null, 'expected { store, limit, after } or nothing, got null'],
    [{ store: 'one', limit: 0 }, 'limit: expected a whole number from 1 to 1000, got 0'],
    [{ store: 'one', limit: 1001 }, 'limit: expected a whole number from 1 to 1000, got 1001'],
    [{ store: 'one', limit: '9' }, 'limit: expected a whole number from 1 to 1000, got string'],
    [{ store: 'one', after: '' }, 'after: expected the next of a page']
  ] as const) {
    t.equal(await refusal(two, options), wrong(text))
  }
  t.match(await refusal(two, { store: 'one', from: 'a' }), /^FST_SESSIONS_CONFIG .*list\(\): .*"from"/)
  const none = await buildApp(t, { sessions: { prefs: { schema } } })
  await none.ready()
  t.match(await refusal(none), /"cookie" is not a record store; there is none$/)
})
