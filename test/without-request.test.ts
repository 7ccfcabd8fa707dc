import t from 'tap'
import { z } from 'zod'
import { memoryStore, type SessionsOptions } from '../lib/index.js'
import { buildApp, Client, clock } from './client.js'
import { exactly } from './exactly.js'

const options = () =>
  ({
    stores: { memory: memoryStore() },
    sessions: {
      cart: { schema: z.object({ items: z.array(z.string()).default([]) }), store: 'memory' },
      prefs: { schema: z.object({ theme: z.string().default('light') }) },
      wizard: { schema: z.object({ step: z.number().default(1) }), store: 'memory', load: 'manual' }
    }
  }) satisfies Partial<SessionsOptions>

async function shop(t: Parameters<typeof buildApp>[0], more: Partial<SessionsOptions> = {}) {
  const app = await buildApp(t, { ...options(), ...more })
  app.get('/fill', async (request) => {
    request.session('cart').set('items', ['pen'])
    request.session('prefs').set('theme', 'dark')
    return { id: request.session('cart').id }
  })
  app.get('/look', async (request) => ({
    items: request.session('cart').get('items'),
    theme: request.session('prefs').get('theme')
  }))
  app.get('/sign-in/:user', async (request) => {
    const { user } = request.params as { user: string }
    request.session('cart').regenerate().identify(user)
    return { id: request.session('cart').id }
  })
  app.get('/sign-out', async (request) => request.session('cart').destroy())
  await app.ready()
  return app
}

const pair = (line: string) => line.split(';')[0] as string

t.test('a Cookie header without a request gives what a handler has', async (t) => {
  const app = await shop(t)
  const browser = new Client(app)
  await browser.get('/fill')
  const found = await app.sessions.fromHeader(browser.cookie)
  t.same(found.session('cart').get('items'), ['pen'])
  t.equal(found.session('prefs').get('theme'), 'dark')
  t.equal(found.session('cart'), found.session('cart'))
  t.same(await found.commit(), [])
})

t.test('in an app whose routes have settings of their own, too', async (t) => {
  const app = await buildApp(t, options())
  app.get('/fill', { config: { sessions: ['cart'] } }, async (request) => {
    request.session('cart').set('items', ['pen'])
  })
  const browser = new Client(app)
  await browser.get('/fill')
  const found = await app.sessions.fromHeader(browser.cookie)
  t.same(found.session('cart').get('items'), ['pen'])
})

t.test('no Cookie header gives empty sessions, and commit() the lines that begin them', async (t) => {
  const app = await shop(t)
  const found = await app.sessions.fromHeader(undefined)
  t.same(await found.commit(), [], 'nothing was changed')
  found.session('cart').set('items', ['ink'])
  found.session('prefs').set('theme', 'dark')
  const lines = await found.commit()
  t.same(lines.map((line) => line.split('=')[0]).sort(), ['__Host-cart', '__Host-prefs'])
  for (const line of lines) t.match(line, /; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
  t.same(await found.commit(), [], 'lines are given once')
  const response = await app.inject({ url: '/look', headers: { cookie: lines.map(pair).join('; ') } })
  t.same(response.json(), { items: ['ink'], theme: 'dark' })
})

t.test('save() of one session keeps its cookie for the next commit()', async (t) => {
  const app = await shop(t)
  const found = await app.sessions.fromHeader('')
  found.session('prefs').set('theme', 'dark')
  await found.session('prefs').save()
  found.session('prefs').set('theme', 'blue')
  const lines = await found.commit()
  t.equal(lines.length, 1, 'the later value alone')
  const response = await app.inject({ url: '/look', headers: { cookie: pair(lines[0] as string) } })
  t.equal(response.json().theme, 'blue')
})

t.test('a session that is loaded by hand is loaded by hand here too', async (t) => {
  const app = await shop(t)
  const first = await app.sessions.fromHeader(undefined)
  ;(await first.session('wizard').load()).set('step', 2)
  const [line] = await first.commit()
  const later = await app.sessions.fromHeader(pair(line as string))
  t.throws(() => later.session('wizard').get('step'), { code: 'FST_SESSIONS_NOT_LOADED' })
  t.equal((await later.session('wizard').load()).get('step'), 2)
})

t.test('a change without a request and one of a request at the same time both last', async (t) => {
  const app = await shop(t)
  const browser = new Client(app)
  await browser.get('/fill')
  const found = await app.sessions.fromHeader(browser.cookie)
  const other = await app.sessions.fromHeader(browser.cookie)
  found.session('cart').update('items', (items) => [...(items as string[]), 'ink'])
  other.session('cart').update('items', (items) => [...(items as string[]), 'paper'])
  await Promise.all([found.commit(), other.commit()])
  t.same((await browser.get('/look')).json().items.sort(), ['ink', 'paper', 'pen'])
})

t.test('a session that was ended meanwhile is not brought back by commit()', async (t) => {
  const app = await shop(t)
  const browser = new Client(app)
  await browser.get('/fill')
  const found = await app.sessions.fromHeader(browser.cookie)
  await browser.copy().get('/sign-out')
  found.session('cart').set('items', ['ink'])
  await found.commit()
  t.equal(found.session('cart').problem, 'gone')
  t.same((await browser.get('/look')).json().items, [])
})

t.test("a cookie with secure: 'auto' is Secure unless the browser comes by plain HTTP", async (t) => {
  const app = await shop(t, { cookie: { secure: 'auto' } })
  for (const [protocol, secure] of [
    [undefined, true],
    ['https', true],
    ['http', false]
  ] as const) {
    const found = await app.sessions.fromHeader(undefined, protocol && { protocol })
    found.session('prefs').set('theme', 'dark')
    const [line] = await found.commit()
    t.equal(/; Secure/.test(line as string), secure, `${protocol}`)
  }
})

t.test('use without a request renews a session as a request does', async (t) => {
  const time = clock(t)
  const app = await shop(t, { idle: 1000, absolute: 10_000 })
  const browser = new Client(app)
  await browser.get('/fill')
  time.pass(900_000)
  const found = await app.sessions.fromHeader(browser.cookie)
  found.session('cart').get('items')
  await found.commit()
  time.pass(900_000)
  const later = await app.sessions.fromHeader(browser.cookie)
  t.same(later.session('cart').get('items'), ['pen'])
  t.equal((await app.sessions.fromHeader(browser.cookie)).session('prefs').problem, 'expired', 'its line was not sent')
})

t.test('mistakes with fromHeader() are told', async (t) => {
  const early = await buildApp(t, options())
  await t.rejects(early.sessions.fromHeader(''), {
    code: 'FST_SESSIONS_CONFIG',
    message: exactly('app.sessions.fromHeader(): too early: the app is not ready; await app.ready() first')
  })
  const app = await shop(t)
  await t.rejects(app.sessions.fromHeader({ cookie: 'a=b' } as never), {
    message: exactly(
      'app.sessions.fromHeader(): expected the text of a Cookie header, or undefined where none came, got object'
    )
  })
  await t.rejects(app.sessions.fromHeader('', { secure: true } as never), {
    message: exactly('app.sessions.fromHeader(): there is no option "secure"; there are protocol')
  })
  await t.rejects(app.sessions.fromHeader('', { protocol: 'HTTPS' } as never), {
    message: exactly('app.sessions.fromHeader(): protocol: expected "https" or "http"')
  })
  const found = await app.sessions.fromHeader('')
  t.throws(() => found.session('crat' as never), { code: 'FST_SESSIONS_UNKNOWN' })
})

t.test('a session is read, changed and ended by its id', async (t) => {
  const app = await shop(t)
  const browser = new Client(app)
  const { id } = (await browser.get('/fill')).json()
  const opened = await app.sessions.open('cart', id)
  t.same(opened?.get('items'), ['pen'])
  t.equal(opened?.id, id)
  t.equal(opened?.isNew, false)
  opened?.set('items', ['ink'])
  await opened?.save()
  t.same((await browser.get('/look')).json().items, ['ink'])
  const again = await app.sessions.open('cart', id)
  again?.destroy()
  await again?.save()
  t.equal(await app.sessions.open('cart', id), undefined)
  t.same((await browser.get('/look')).json().items, [])
})

t.test('an id of nothing that lives opens nothing', async (t) => {
  const time = clock(t)
  const app = await shop(t)
  const browser = new Client(app)
  const { id: old } = (await browser.get('/fill')).json()
  const { id } = (await browser.get('/sign-in/ada')).json()
  t.equal(await app.sessions.open('cart', old), undefined, 'one that regenerate() replaced')
  t.ok(await app.sessions.open('cart', id))
  for (const other of ['', '../../etc/passwd', id.slice(1), 'A'.repeat(43), undefined, 7]) {
    t.equal(await app.sessions.open('cart', other as never), undefined, String(other))
  }
  time.pass(15 * 24 * 3600 * 1000)
  t.equal(await app.sessions.open('cart', id), undefined, 'one that has expired')
})

t.test('a session from before clear() is not opened', async (t) => {
  const app = await shop(t)
  const { id } = (await new Client(app).get('/fill')).json()
  await app.sessions.clear()
  t.equal(await app.sessions.open('cart', id), undefined)
})

t.test('a session that another process cleared, or that a shorter lifetime ended, is not opened', async (t) => {
  const time = clock(t)
  const memory = memoryStore()
  // What a process was about to write when another cleared the store is there again.
  memory.clear = async () => {}
  const marked = { stores: { memory, markers: memoryStore() }, clearMarker: { store: 'markers', refresh: 1 } }
  const one = await shop(t, marked)
  const other = await shop(t, marked)
  const hasty = await shop(t, { stores: { memory }, absolute: 60, idle: 60 })
  const { id } = (await new Client(one).get('/fill')).json()
  t.ok(await other.sessions.open('cart', id))
  time.pass(61_000)
  t.equal(await hasty.sessions.open('cart', id), undefined)
  await one.sessions.clear()
  time.pass(1000)
  t.equal(await other.sessions.open('cart', id), undefined)
})

t.test('to look at a session by its id does not count as its use', async (t) => {
  const time = clock(t)
  const app = await shop(t, { idle: 1000 })
  const { id } = (await new Client(app).get('/fill')).json()
  time.pass(900_000)
  const opened = await app.sessions.open('cart', id)
  const end = opened?.expiresAt
  await opened?.save()
  t.same((await app.sessions.open('cart', id))?.expiresAt, end)
})

t.test('what is opened by its id has no browser that could get another id', async (t) => {
  const app = await shop(t)
  const { id } = (await new Client(app).get('/fill')).json()
  const opened = await app.sessions.open('cart', id)
  opened?.regenerate()
  await t.rejects(opened?.save() as Promise<void>, {
    code: 'FST_SESSIONS_SAVE',
    cause: { code: 'FST_SESSIONS_HEADERS_SENT' }
  })
  t.same((await app.sessions.open('cart', id))?.get('items'), ['pen'], 'it stays as it was')
})

t.test('mistakes with open() are told, and a store that fails', async (t) => {
  const early = await buildApp(t, options())
  await t.rejects(early.sessions.open('cart', 'x'), {
    message: exactly('app.sessions.open(): too early: the app is not ready; await app.ready() first')
  })
  const memory = memoryStore()
  const app = await shop(t, { stores: { memory } })
  const { id } = (await new Client(app).get('/fill')).json()
  await t.rejects(app.sessions.open('crat' as never, id), { code: 'FST_SESSIONS_UNKNOWN' })
  await t.rejects(app.sessions.open('prefs', id), {
    code: 'FST_SESSIONS_UNSUPPORTED',
    message: exactly('session "prefs": open() needs a record store: a cookie has no id')
  })
  memory.read = () => Promise.reject(new Error('the engine at 10.0.0.1 is down'))
  await t.rejects(app.sessions.open('cart', id), {
    code: 'FST_SESSIONS_STORE',
    message: exactly('session "cart": its store failed: it could not be read'),
    cause: { message: exactly('the engine at 10.0.0.1 is down') }
  })
})
