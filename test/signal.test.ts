import { once } from 'node:events'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore, type SessionsOptions } from '../lib/index.js'
import { ControlledStore, TestBrowser } from '../lib/testing/index.js'
import { buildApp, clock, gate, until } from './client.js'
import { exactly } from './exactly.js'

/** Never of itself within a test: what ends a watch there was a look at once. */
const NEVER = 3600

interface Shop {
  readonly app: FastifyInstance
  readonly browser: TestBrowser
  readonly log: readonly { readonly msg?: string }[]
  /** A request that waits for the end of its session, once its handler runs; resolves to the problem. */
  wait(): Promise<{ readonly ended: Promise<string> }>
}

async function shop(t: Test, controlled: ControlledStore, more: Partial<SessionsOptions> = {}): Promise<Shop> {
  // In place of the sockets of a server: to watch alone keeps no process alive.
  const sockets = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(sockets))
  const log: { msg?: string }[] = []
  const app = await buildApp(
    t,
    {
      stores: { memory: controlled.store },
      sessions: {
        login: { schema: z.object({ user: z.string().optional() }), store: 'memory' },
        prefs: { schema: z.object({ theme: z.string().default('light') }) }
      },
      ...more
    },
    log
  )
  let begun = () => {}
  app.get('/wait', async (request) => {
    const { signal } = request.session('login')
    begun()
    if (!signal.aborted) await once(signal, 'abort')
    return `${signal.reason.code} ${signal.reason.statusCode} ${signal.reason.message}`
  })
  app.get('/sign-in', async (request) => void request.session('login').regenerate().identify('ada').set('user', 'ada'))
  app.get('/renew', async (request) => void request.session('login').regenerate())
  app.get('/sign-out', async (request) => request.session('login').destroy())
  await app.ready()
  const browser = await new TestBrowser(app).give('login', { user: 'ada' }, { subject: 'ada' })
  const wait = async () => {
    const { opened, open } = gate()
    begun = open
    const ended = browser.get('/wait').then(({ body }) => body)
    await opened
    return { ended }
  }
  return { app, browser, log, wait }
}

const told = (problem: string) => `FST_SESSIONS_ENDED 401 session "login" has ended while it was watched: ${problem}`
const newStore = () => new ControlledStore(memoryStore())

t.test('a handler that waits learns at once of what is ended in its own process', async (t) => {
  const { app, wait } = await shop(t, newStore(), { watchInterval: NEVER })
  const first = await wait()
  await app.sessions.revoke('ada')
  t.equal(await first.ended, told('gone'))
})

t.test('it learns of a clearing', async (t) => {
  const { app, wait } = await shop(t, newStore(), { watchInterval: NEVER })
  const { ended } = await wait()
  await app.sessions.clear()
  t.equal(await ended, told('gone'))
})

t.test('it learns of what another process ends', async (t) => {
  const controlled = newStore()
  const { wait } = await shop(t, controlled, { watchInterval: 0.05 })
  const other = await shop(t, controlled)
  const { ended } = await wait()
  await other.app.sessions.revoke('ada')
  t.equal(await ended, told('gone'))
})

t.test('it learns of a clearing in another process, also where records are there again', async (t) => {
  const controlled = newStore()
  controlled.store.clear = async () => {}
  const markers = memoryStore()
  const more = { stores: { memory: controlled.store, markers }, clearMarker: { store: 'markers', refresh: 0 } }
  const { wait } = await shop(t, controlled, { ...more, watchInterval: 0.05 })
  const other = await shop(t, controlled, more)
  const { ended } = await wait()
  await other.app.sessions.clear()
  t.equal(await ended, told('cleared'))
})

t.test('it learns of a sign-out by another request, and of the end of a lifetime', async (t) => {
  const time = clock(t)
  const { browser, wait } = await shop(t, newStore(), { watchInterval: 0.05, idle: 60 })
  const first = await wait()
  await browser.copy().get('/sign-out')
  t.equal(await first.ended, told('gone'))
  await browser.give('login', { user: 'ada' })
  const second = await wait()
  time.pass(61_000)
  t.match(await second.ended, /: (gone|expired)$/)
})

t.test('whoever holds the old id has no part in what a sign-in brought', async (t) => {
  const { browser, wait } = await shop(t, newStore(), { watchInterval: 0.05 })
  await browser.get('/sign-out')
  await browser.give('login', { user: 'guest' })
  const { ended } = await wait()
  await browser.copy().get('/sign-in')
  t.equal(await ended, told('retired'))
})

t.test('a new id alone ends nothing, and the end of the new one ends it', async (t) => {
  const controlled = newStore()
  const { app, browser, wait } = await shop(t, controlled, { watchInterval: 0.05 })
  let hasEnded = false
  const { ended } = await wait()
  ended.then(() => {
    hasEnded = true
  })
  await browser.copy().get('/renew')
  const before = controlled.calls('readMany') + controlled.calls('read')
  await until(() => controlled.calls('readMany') + controlled.calls('read') > before + 4)
  t.notOk(hasEnded)
  await app.sessions.revoke('ada')
  t.equal(await ended, told('gone'))
})

t.test('a store that is down ends no session, and is told of once', async (t) => {
  const controlled = newStore()
  const { app, log, wait } = await shop(t, controlled, { watchInterval: 0.05 })
  const { ended } = await wait()
  const before = controlled.calls('read')
  controlled.failOn()
  await until(() => controlled.calls('read') > before + 2)
  controlled.recover()
  await app.sessions.revoke('ada')
  t.equal(await ended, told('gone'))
  const message = 'a session store failed: whether sessions that are watched have ended is not known'
  t.equal(log.filter(({ msg }) => msg === message).length, 1)
})

t.test('many wait at the cost of one look', async (t) => {
  const controlled = newStore()
  const { app, browser } = await shop(t, controlled, { watchInterval: NEVER })
  const browsers = await Promise.all(
    Array.from({ length: 50 }, (_, at) => new TestBrowser(app).give('login', { user: `${at}` }, { subject: `${at}` }))
  )
  const found = await Promise.all(
    [...browsers, browser, browser].map((each) => app.sessions.fromHeader(each.cookieHeader()))
  )
  const signals = found.map((each) => each.session('login').signal)
  const single = controlled.calls('read')
  const before = controlled.calls('readMany')
  await app.sessions.revoke('7')
  await once(signals[7] as AbortSignal, 'abort')
  t.equal(signals.filter(({ aborted }) => aborted).length, 1)
  t.ok(controlled.calls('readMany') - before <= 3, 'the listing of the user, and the look')
  t.equal(controlled.calls('read') - single < 5, true)
  await app.sessions.revoke('ada')
  await once(signals[51] as AbortSignal, 'abort')
  t.ok(signals[50]?.aborted, 'both of one session')
})

t.test('nobody waits any more when the response is over, or the browser has gone', async (t) => {
  const controlled = newStore()
  const { app, browser } = await shop(t, controlled, { watchInterval: NEVER })
  const found = await app.sessions.fromHeader(browser.cookieHeader())
  const { signal } = found.session('login')
  t.equal(found.session('login').signal, signal, 'the same each time')
  found.close()
  await app.sessions.revoke('ada')
  await browser.give('login', { user: 'ada' }, { subject: 'ada' })
  const other = await app.sessions.fromHeader(browser.cookieHeader())
  const watched = other.session('login').signal
  await app.sessions.revoke('ada')
  await once(watched, 'abort')
  t.notOk(signal.aborted)
})

t.test('a session that is saved while it is watched ends from then on', async (t) => {
  const { app } = await shop(t, newStore(), { watchInterval: NEVER })
  const found = await app.sessions.fromHeader(undefined)
  const login = found.session('login')
  const { signal } = login
  await app.sessions.revoke('nobody')
  login.identify('bob').set('user', 'bob')
  await found.commit()
  t.notOk(signal.aborted, 'nothing was stored, so nothing has ended')
  await app.sessions.revoke('bob')
  await once(signal, 'abort')
  t.equal(signal.reason.code, 'FST_SESSIONS_ENDED')
})

t.test('a session in the cookie has no signal, and an interval has bounds', async (t) => {
  const { app } = await shop(t, newStore())
  const found = await app.sessions.fromHeader(undefined)
  t.throws(() => found.session('prefs').signal, {
    code: 'FST_SESSIONS_UNSUPPORTED',
    message: exactly('session "prefs": signal needs a record store: nobody can end a session in the cookie')
  })
  await t.rejects(buildApp(t, { watchInterval: 5000 }), {
    code: 'FST_SESSIONS_CONFIG',
    message: exactly(
      'watchInterval: expected seconds from 0.05 to 3600 (an hour), got 5000: seconds, not milliseconds? Then write 5'
    )
  })
})
