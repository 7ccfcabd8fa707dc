import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore, type Session } from '../lib/index.js'
import { cached } from '../lib/stores/cached.js'
import { ControlledStore, TestBrowser } from '../lib/testing/index.js'
import { buildApp, Client, clock } from './client.js'

const schema = z.object({ user: z.string().optional(), count: z.number().default(0) })

/** An app whose handler works for long: it holds its session while the test goes on. */
async function longLived(t: Test, store: RecordStore = memoryStore()) {
  const login = { store: 'memory', schema, flash: { note: z.string() } }
  const app = await buildApp(t, { stores: { memory: store }, sessions: { login, prefs: { schema } } })
  let held: Session<typeof schema> | undefined
  app.get('/hold/:name', async (request) => {
    held = request.session((request.params as { name: string }).name) as never
    return 'held'
  })
  app.get('/count', async (request) => request.session('login').update('count', (count) => Number(count) + 1))
  app.get('/again', async (request) => request.session('login').regenerate().id)
  app.get('/in/:user', async (request) => {
    const { user } = request.params as { user: string }
    return request.session('login').regenerate().identify(user).set('user', user).id
  })
  app.get('/new', async (request) => {
    const login = request.session('login').set('count', 3)
    await login.reload()
    return [login.get('count'), login.isNew, login.isDirty]
  })
  app.get('/out', async (request) => void request.session('login').destroy())
  const browser = await new TestBrowser(app).give('login', { user: 'ada' }, { subject: 'ada' })
  const hold = async (name = 'login') => {
    await browser.get(`/hold/${name}`)
    return held as Session<typeof schema>
  }
  return { app, browser, hold }
}

t.test('a session that is read anew has what others have saved since', async (t) => {
  for (const store of [memoryStore(), cached(memoryStore(), { ttl: 60_000 })]) {
    const { browser, hold } = await longLived(t, store)
    const login = await hold()
    await browser.get('/count')
    t.equal(login.get('count'), 0)
    t.equal(await login.reload(), login)
    t.equal(login.get('count'), 1)
    login.update('count', (count) => count + 10)
    await login.save()
    t.equal((await browser.session('login')).get('count' as never), 11)
  }
})

t.test('what another process has saved is seen, also through a cache', async (t) => {
  const engine = memoryStore()
  const { browser, hold } = await longLived(t, cached(engine, { ttl: 60_000 }))
  const { app: other } = await longLived(t, engine)
  const login = await hold()
  await new TestBrowser(other, { jar: browser.jar }).get('/count')
  await login.reload()
  t.equal(login.get('count'), 1)
})

t.test('what was changed and not saved is dropped, whatever it was', async (t) => {
  const { app, browser, hold } = await longLived(t)
  const login = await hold()
  const { id } = login
  for (const change of [
    () => login.set('count', 7),
    () => login.clear(),
    () => login.identify('bob'),
    () => login.persist(60),
    () => login.regenerate(),
    () => login.destroy(),
    () => (login as unknown as Session).flash('note' as never, 'hello' as never)
  ]) {
    change()
    await login.reload()
    t.equal(login.isDirty, false, String(change))
    t.same({ id: login.id, user: login.get('user'), subject: login.subject }, { id, user: 'ada', subject: 'ada' })
    await login.save()
  }
  t.equal((await browser.session('login')).get('user' as never), 'ada')
  t.same(
    (await app.sessions.of('ada')).map((each) => each.id),
    [id]
  )
})

t.test('a session that has ended is empty, and tells why', async (t) => {
  const { pass } = clock(t)
  for (const [end, problem] of [
    [(_app: Client['app'], browser: TestBrowser) => browser.get('/out'), 'gone'],
    [(app: Client['app']) => app.sessions.revoke('ada'), 'gone'],
    [async () => pass(15 * 24 * 60 * 60 * 1000), 'gone']
  ] as const) {
    const { app, browser, hold } = await longLived(t)
    const login = await hold()
    await end(app, browser)
    await login.reload()
    t.same([login.problem, login.get('user'), login.subject, login.isNew], [problem, undefined, undefined, true])
  }
})

t.test(
  'an id that was replaced reads what it held before, and nothing after its grace or a sign-in of that end',
  async (t) => {
    const { pass } = clock(t)
    const { browser, hold } = await longLived(t)
    const login = await hold()
    await browser.get('/in/bob')
    await login.reload()
    t.same([login.get('user'), login.problem], ['ada', undefined], 'nothing of the sign-in')
    pass(11_000)
    await login.reload()
    t.same([login.get('user'), login.problem], [undefined, 'retired'])
    const other = await hold()
    await browser.get('/again')
    await browser.get('/out')
    await other.reload()
    t.equal(other.problem, 'gone')
  }
)

t.test('where the store fails the session is as it was, and the next time it is read', async (t) => {
  const controlled = new ControlledStore(memoryStore())
  const { browser, hold } = await longLived(t, controlled.store)
  const login = await hold()
  login.set('count', 5)
  controlled.failOn('read')
  await t.rejects(login.reload(), { code: 'FST_SESSIONS_STORE', statusCode: 503 })
  t.equal(login.get('count'), 5)
  t.equal(login.isDirty, true)
  controlled.recover()
  await login.reload()
  t.equal(login.get('count'), 0)
  t.equal((await browser.session('login')).get('user' as never), 'ada')
})

t.test('on the cookie store it is what the cookie held, until that has expired', async (t) => {
  const { pass } = clock(t)
  const { browser, hold } = await longLived(t)
  await browser.give('prefs', { user: 'ada' })
  const prefs = await hold('prefs')
  prefs.set('user', 'bob')
  await prefs.reload()
  t.equal(prefs.get('user'), 'ada')
  pass(15 * 24 * 60 * 60 * 1000)
  await prefs.reload()
  t.same([prefs.get('user'), prefs.problem], [undefined, 'expired'])
})

t.test('a session that was never stored stays empty', async (t) => {
  const { app } = await longLived(t)
  const client = new Client(app)
  t.same(await client.json('/new'), [0, true, false])
  t.equal(client.jar.size, 0)
})
