import Fastify from 'fastify'
import t from 'tap'
import { z } from 'zod'
import sessions, { memoryStore, type Session } from '../lib/index.js'
import type { Definition } from '../types/options.js'
import { buildApp, Client, clock, KEY } from './client.js'

const HOUR = 3_600_000
const schema = z.object({ user: z.string().default('nobody'), n: z.number().default(0) })
const NAMES = ['kept', 'sealed']
type Test = Parameters<typeof buildApp>[0]

/** The same session on a record store and in the cookie. */
async function both(t: Test, definition: Partial<Definition> = {}) {
  const store = memoryStore()
  const app = await buildApp(t, {
    stores: { memory: store },
    sessions: {
      kept: { store: 'memory', schema, idle: 3600, flash: { notice: z.string() }, ...definition },
      sealed: { schema, idle: 3600, flash: { notice: z.string() }, ...definition }
    }
  })
  const poll = { config: { sessions: { touch: false } } }
  const each = (path: string, run: (session: Session) => unknown, options: object = {}) =>
    app.get(path, options, async (request) =>
      NAMES.map((name) => run(request.session(name) as unknown as Session) ?? null)
    )
  each('/in', (session) => void session.set('user', 'ann'))
  each('/me', (session) => session.get('user'))
  each('/end', (session) => session.expiresAt.getTime(), poll)
  each('/poll', (session) => session.get('user'), poll)
  each('/poll-and-begin', (session) => void session.set('user', 'ann'), poll)
  each('/poll-and-write', (session) => void session.update('n', (n) => (n as number) + 1), poll)
  each('/poll-and-move', (session) => session.touch().get('user'), poll)
  each('/poll-by-hand', (session) => session.touch(false).get('user'))
  each('/remember', (session) => void session.persist(7200), poll)
  each('/flash', (session) => void session.flash('notice' as never, 'hello' as never))
  each('/flashes', (session) => session.flashes('notice' as never))
  each('/peek', (session) => session.peek('notice' as never))
  return { app, client: new Client(app), store }
}

for (const path of ['/poll', '/poll-and-write', '/poll-by-hand']) {
  t.test(`a page that asks for ${path} again and again keeps no idle session alive`, async (t) => {
    const time = clock(t)
    const { client } = await both(t, { cookie: { maxAge: 3600 } })
    await client.get('/in')
    for (let third = 0; third < 2; third++) {
      time.pass(HOUR / 3)
      await client.get(path)
    }
    time.pass(HOUR / 3 + 1000)
    t.same(await client.json('/poll'), ['nobody', 'nobody'])
  })
}

t.test('such a request leaves the end where it is, and sets no cookie that outlives it', async (t) => {
  const time = clock(t)
  const { client } = await both(t, { cookie: { maxAge: 3600 } })
  await client.get('/in')
  const ends = await client.json('/end')
  time.pass(HOUR / 2)
  const read = await client.get('/poll')
  t.notOk(read.headers['set-cookie'])
  t.same(await client.json('/end'), ends)
  const written = await client.get('/poll-and-write')
  t.same(
    written.cookies.map(({ name, maxAge }) => [name, Math.round((maxAge ?? 0) / 60)]),
    [['__Host-sealed', 30]]
  )
  t.same(await client.json('/end'), ends)
})

t.test('who says touch() is there after all, and who uses the session moves its end', async (t) => {
  const time = clock(t)
  for (const path of ['/poll-and-move', '/me']) {
    const { client } = await both(t)
    await client.get('/in')
    time.pass(HOUR / 2)
    await client.get(path)
    time.pass(HOUR / 2 + 1000)
    t.same(await client.json('/poll'), ['ann', 'ann'], path)
  }
})

t.test('a lifetime that is asked for holds, and a session that begins gets its own', async (t) => {
  const time = clock(t)
  const { client } = await both(t)
  await client.get('/poll-and-begin')
  time.pass(HOUR - 1000)
  t.same(await client.json('/poll'), ['ann', 'ann'])
  await client.get('/remember')
  time.pass(2 * HOUR - 1000)
  t.same(await client.json('/poll'), ['ann', 'ann'])
  time.pass(2000)
  t.same(await client.json('/poll'), ['nobody', 'nobody'])
})

t.test('a HEAD request does not count as use', async (t) => {
  const time = clock(t)
  const { client } = await both(t)
  await client.get('/in')
  time.pass(HOUR / 2)
  const head = await client.get('/me', { method: 'HEAD' })
  t.equal(head.statusCode, 200)
  t.notOk(head.headers['set-cookie'])
  time.pass(HOUR / 2 + 1000)
  t.same(await client.json('/me'), ['nobody', 'nobody'])
})

t.test('a route that is older than the plugin, or names what it loads, says so too', async (t) => {
  const time = clock(t)
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/old', { config: { sessions: { touch: false } } as object }, async (request) => request.session('it').id)
  await app.register(sessions, {
    keys: [KEY],
    stores: { memory: memoryStore() },
    sessions: { it: { store: 'memory', schema, idle: 3600 }, other: { store: 'memory', schema } }
  })
  app.get('/in', async (request) => request.session('it').set('user', 'ann').id)
  app.get('/names', { config: { sessions: { load: ['it'], touch: false } } }, async (request) => [
    request.session('it').get('user')
  ])
  app.get('/none', { config: { sessions: { load: false } } }, async (request) => request.session('it').get('user'))
  for (const path of ['/old', '/names']) {
    const client = new Client(app)
    await client.get('/in')
    time.pass(HOUR / 2)
    await client.get(path)
    time.pass(HOUR / 2 + 1000)
    t.same(await client.json('/names'), ['nobody'], path)
  }
  const client = new Client(app)
  await client.get('/in')
  t.hasStrict(await client.json('/none'), { code: 'FST_SESSIONS_NOT_LOADED' })
})

t.test('HEAD and prefetches show messages without taking them', async (t) => {
  const { client } = await both(t)
  const hello = [['hello'], ['hello']]
  await client.get('/flash')
  await client.get('/flashes', { method: 'HEAD' })
  for (const headers of [
    { 'sec-purpose': 'prefetch' },
    { 'sec-purpose': 'prefetch;prerender' },
    { 'sec-purpose': 'prefetch ; anonymous-client-ip' },
    { purpose: 'prefetch' },
    { purpose: 'Prefetch' }
  ]) {
    t.same((await client.get('/flashes', { headers })).json(), hello, JSON.stringify(headers))
  }
  t.same(await client.json('/peek'), hello)
  t.same((await client.get('/flashes', { headers: { purpose: 'prefetching' } })).json(), hello)
  t.same(await client.json('/peek'), [[], []])
})

t.test("flashOnPrefetch: 'take' lets a prefetch take messages, but not HEAD", async (t) => {
  const { client } = await both(t, { flashOnPrefetch: 'take' })
  await client.get('/flash')
  await client.get('/flashes', { method: 'HEAD' })
  const headers = { 'sec-purpose': 'prefetch' }
  t.same((await client.get('/flashes', { headers })).json(), [['hello'], ['hello']])
  t.same(await client.json('/peek'), [[], []])
})
