import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore, type SessionsOptions } from '../../lib/index.js'
import { movableClock, TestBrowser } from '../../lib/testing/index.js'
import { buildApp } from '../client.js'

async function shop(t: Test, more: Partial<SessionsOptions> = {}): Promise<FastifyInstance> {
  const app = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: {
      login: { schema: z.object({ user: z.string().optional(), admin: z.boolean().default(false) }), store: 'memory' },
      prefs: { schema: z.object({ theme: z.string().default('light') }) },
      wizard: { schema: z.object({ step: z.number().default(1) }), store: 'memory', load: 'manual' }
    },
    ...more
  })
  app.get('/user', async (request) => ({ user: request.session('login').get('user') ?? null }))
  app.post('/theme', async (request, reply) => {
    request.session('prefs').set('theme', (request.body as { theme: string }).theme)
    return reply.redirect('/theme', 303)
  })
  app.get('/theme', async (request) => ({
    theme: request.session('prefs').get('theme'),
    type: request.headers['content-type'] ?? null
  }))
  app.route({
    method: ['GET', 'POST'],
    url: '/moved/:status',
    handler: (request, reply) => reply.redirect('/method', Number((request.params as { status: string }).status))
  })
  app.route({
    method: ['GET', 'POST'],
    url: '/method',
    handler: async ({ method, body, host }) => ({ method, body: body ?? null, host })
  })
  app.get('/round', (_, reply) => reply.redirect('/round'))
  app.get('/away', (_, reply) => reply.redirect('https://provider.example/authorize'))
  return app
}

t.test('a browser keeps its cookies from page to page, and another one has others', async (t) => {
  const app = await shop(t)
  const browser = new TestBrowser(app)
  t.same((await browser.post('/theme', { payload: { theme: 'dark' } })).json(), { theme: 'dark', type: null })
  t.same((await browser.get('/theme')).json().theme, 'dark')
  t.same((await new TestBrowser(app).get('/theme')).json().theme, 'light')
  t.same((await browser.copy().get('/theme')).json().theme, 'dark')
})

t.test('redirects are followed as browsers do', async (t) => {
  const browser = new TestBrowser(await shop(t))
  const sent = { payload: { a: 1 } }
  for (const status of [301, 302, 303]) {
    t.same((await browser.post(`/moved/${status}`, sent)).json(), { method: 'GET', body: null, host: 'localhost' })
  }
  for (const status of [307, 308]) {
    t.same((await browser.post(`/moved/${status}`, sent)).json(), { method: 'POST', body: { a: 1 }, host: 'localhost' })
  }
  t.equal((await browser.get('/moved/302', { follow: false })).statusCode, 302)
  t.equal((await browser.get('/away')).headers.location, 'https://provider.example/authorize')
  await t.rejects(browser.get('/round'), { message: '/round: more than 20 redirects in a row, the last to /round' })
})

t.test('what a browser is given it has, and what a page did can be looked at', async (t) => {
  const app = await shop(t)
  const browser = new TestBrowser(app)
  await browser.give('login', { user: 'ada' }, { subject: 'ada' })
  t.same((await browser.get('/user')).json(), { user: 'ada' })
  t.equal((await app.sessions.of('ada')).length, 1)
  await browser.give('login', { admin: true })
  const login = await browser.session('login')
  t.same(login.data, { user: 'ada', admin: true }, 'what it held else stays')
  t.equal(login.subject, 'ada')
  await browser.give('wizard', { step: 3 })
  t.equal((await browser.session('wizard')).get('step'), 3, 'one that is loaded by hand')
  await t.rejects(browser.give('login', { user: 7 } as never), { code: 'FST_SESSIONS_INVALID_VALUE' })
  await t.rejects(browser.session('lgoin' as never), { code: 'FST_SESSIONS_UNKNOWN' })
})

t.test('"remember me" outlives the browser, another session does not', async (t) => {
  const app = await shop(t)
  const one = new TestBrowser(app)
  await one.give('login', { user: 'ada' }, { persist: true })
  await one.give('prefs', { theme: 'dark' })
  one.restart()
  t.same((await one.get('/user')).json(), { user: 'ada' })
  t.same((await one.get('/theme')).json().theme, 'light')
})

t.test('a clock that is moved moves the ends of sessions and of cookies', async (t) => {
  const clock = movableClock()
  t.teardown(() => clock.restore())
  const browser = new TestBrowser(await shop(t, { idle: 60, absolute: 3600 }))
  await browser.give('login', { user: 'ada' }, { persist: 1000 })
  clock.pass(999_000)
  t.equal((await browser.session('login')).get('user'), 'ada')
  clock.pass(1001)
  t.equal(browser.cookieHeader(), undefined)
  t.same((await browser.get('/user')).json(), { user: null })
})

t.test('a browser that comes by plain HTTP gets no Secure cookies that it would drop', async (t) => {
  const app = await shop(t, { cookie: { secure: 'auto' } })
  const browser = new TestBrowser(app, { origin: 'http://shop.example:8080', headers: { 'accept-language': 'de' } })
  await browser.give('prefs', { theme: 'dark' })
  t.equal(browser.jar.all[0]?.secure, false)
  t.equal((await browser.get('/method')).json().host, 'shop.example:8080')
})

t.test("it serves node's own test runner, with using", async (t) => {
  const script = `
    import assert from 'node:assert/strict'
    import { test } from 'node:test'
    import Fastify from 'fastify'
    import sessions from 'fastify-sessions'
    import { movableClock, TestBrowser } from 'fastify-sessions/testing'
    import { z } from 'zod'
    test('a visitor', async () => {
      const clock = movableClock()
      const app = Fastify()
      await app.register(sessions, { keys: ['k'.repeat(32)], idle: 60, sessions: { prefs: { schema: z.object({ theme: z.string().default('light') }) } } })
      app.get('/', async (request) => request.session('prefs').get('theme'))
      const browser = await new TestBrowser(app).give('prefs', { theme: 'dark' })
      assert.equal((await browser.get('/')).body, 'dark')
      clock.pass(61_000)
      assert.equal((await browser.get('/')).body, 'light')
      clock.restore()
    })`
  const env = { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: undefined }
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { env })
  const { stdout } = await run
  t.match(stdout, /pass 1\n/)
})
