import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import oldSessions from '@fastify/secure-session'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { loads, type StoreTrip, saves, type TripListeners } from '../../lib/events/index.js'
import { secureSession } from '../../lib/from/secure-session.js'
import { memoryStore, type RecordStore, type SessionsOptions } from '../../lib/index.js'
import { buildApp, Client, clock, gate, KEY } from '../client.js'
import { heard, kinds, told } from './heard.js'

const schema = z.object({ items: z.array(z.string()).default([]), note: z.string().optional() })

const LIMIT = { sessions: 1, then: 'end-oldest' } as const

async function shop(t: Test, options: Partial<SessionsOptions> = {}, log?: object[]) {
  const app = await buildApp(
    t,
    {
      stores: { memory: memoryStore() },
      sessions: {
        login: { store: 'memory', schema: z.object({ user: z.string().optional() }) },
        cart: { store: 'memory', schema, flash: { notice: z.string() } },
        sealed: { schema, cookie: { maxAge: 3600 } }
      },
      ...options
    },
    log
  )
  app.get('/in/:user', async (request) => {
    const { user } = request.params as { user: string }
    return request.session('login').regenerate().set('user', user).identify(user).id
  })
  app.get('/out', async (request) => request.session('login').destroy())
  app.get('/id', async (request) => request.session('login').regenerate({ newRights: true }).id)
  app.get('/me', async (request) => request.session('login').get('user') ?? null)
  app.get('/none', async () => 'none')
  app.get('/cart/:item', async (request) => {
    const { item } = request.params as { item: string }
    const add = (items: unknown) => [...(items as string[]), item]
    return request
      .session('cart')
      .set('note', item)
      .update('items', add as never)
  })
  app.get('/sealed/:item', async (request) => {
    request.session('sealed').set('note', (request.params as { item: string }).item)
    return 'kept'
  })
  app.get('/sealed', async (request) => request.session('sealed').get('note') ?? null)
  return app
}

t.test(
  'the life of a session is told: opened, created, loaded, saved, regenerated, identified, destroyed',
  async (t) => {
    const app = await shop(t)
    await app.ready()
    const { take } = heard(t, app)
    const client = new Client(app)
    const first = await client.get('/in/ann')
    const [opened, identified, created] = take().map(told)
    const about = { session: 'login', store: 'memory', url: '/in/ann' }
    t.same(opened, { event: 'opened', ...about, isNew: true })
    t.same(identified, { event: 'identified', ...about, id: first.body, subject: 'ann' })
    const written = { ...about, id: first.body, subject: 'ann', changes: 2, version: created?.version, timed: true }
    t.same(created, { event: 'created', ...written })

    await client.get('/id')
    const [loaded, again, regenerated] = take().map(told)
    t.same(loaded, {
      event: 'loaded',
      ...about,
      url: '/id',
      id: first.body,
      subject: 'ann',
      key: loaded?.key,
      isStale: false,
      version: created?.version,
      timed: true
    })
    t.match(loaded?.key, /^[\da-f]{10}$/)
    t.same(again, { event: 'opened', ...about, url: '/id', id: first.body, subject: 'ann', isNew: false })
    t.hasStrict(regenerated, { event: 'regenerated', formerId: first.body, cut: 'rights', subject: 'ann', timed: true })
    t.not(regenerated?.id, first.body)

    await client.get('/in/bob')
    t.hasStrict(take().map(told).slice(2), [
      { event: 'regenerated', cut: 'user', formerId: regenerated?.id, subject: 'bob' },
      { event: 'identified', formerSubject: 'ann', subject: 'bob' },
      { event: 'saved', changes: 2, subject: 'bob' }
    ])
    await client.get('/out')
    t.hasStrict(take().map(told).slice(2), [{ event: 'destroyed', ...about, url: '/out', subject: 'bob', timed: true }])
  }
)

t.test('of a request that asks for no session, and that brings no cookie, nothing is told', async (t) => {
  const app = await shop(t)
  await app.ready()
  const { take } = heard(t, app)
  await app.inject('/none')
  t.same(kinds(take()), [])
  const client = new Client(app)
  await client.get('/sealed/x')
  t.same(kinds(take()), ['opened', 'created'])
  await client.get('/none')
  t.same(kinds(take()), [], 'what is in the cookie is not opened either')
})

t.test('a lost race is told as a replay, with how often, how many changes, and on which version', async (t) => {
  const log: { msg?: string; event?: string }[] = []
  const app = await shop(t, {}, log)
  const [arrived, goOn] = [gate(), gate()]
  app.get('/slow', async (request) => {
    request
      .session('cart')
      .set('note', 'slow')
      .update('items', ((items: string[]) => [...items, 'slow']) as never)
    arrived.open()
    await goOn.opened
    return 'done'
  })
  const client = new Client(app)
  await client.get('/cart/tea')
  const { take } = heard(t, app)
  const slow = client.copy().get('/slow')
  await arrived.opened
  await client.get('/cart/pen')
  const { version } = take().map(told).at(-1) as { version: number }
  goOn.open()
  await slow
  const [replayed] = take().map(told)
  t.hasStrict(replayed, { event: 'replayed', url: '/slow', changes: 2, times: 1, on: version, timed: true })
  const line = log.find(({ event }) => event === 'replayed')?.msg ?? ''
  t.match(line, /^session cart: 2 changes replayed once on version \d+, \d+\.\d ms \(memory\)$/)
})

t.test('use is told where it moves the end of the record, and a cookie that is issued anew', async (t) => {
  const cookie = { maxAge: 600 }
  const app = await shop(t, {
    sessions: {
      login: { store: 'memory', schema: z.object({ user: z.string().optional() }), idle: 600, cookie },
      cart: { schema, idle: 600, cookie }
    }
  })
  app.get('/both/:item', async (request) => {
    for (const name of ['login', 'cart']) request.session(name).get(name === 'login' ? 'user' : 'note')
    return 'read'
  })
  const client = new Client(app)
  await client.get('/in/ann')
  await client.get('/cart/tea')
  const time = clock(t)
  time.pass(300_000)
  const { take } = heard(t, app)
  await client.get('/both/x')
  const events = take().map(told)
  t.same(
    events.map(({ event, session }) => [event, session]),
    [
      ['loaded', 'login'],
      ['opened', 'login'],
      ['loaded', 'cart'],
      ['opened', 'cart'],
      ['touched', 'login'],
      ['renewed', 'login'],
      ['renewed', 'cart']
    ]
  )
  const [touched, renewed] = [events[4], events[5]]
  t.ok(Number(touched?.expires) > Date.now() + 599_000)
  t.equal(renewed?.expires, touched?.expires)
})

t.test('a cookie that gives no session is told with the reason, and with what is known of the session', async (t) => {
  const app = await shop(t)
  app.get('/revoke', async () => app.sessions.revoke('ann'))
  const client = new Client(app)
  const { body: id } = await client.get('/in/ann')
  await client.get('/sealed/x')
  const { take } = heard(t, app)

  const [login, sealed] = [client.jar.get('__Host-login') ?? '', client.jar.get('__Host-sealed') ?? '']
  await client.copy().get('/me')
  const { key } = told(take()[0] as never)
  const refusal = async (url: string, name: string, value: string) => {
    await new Client(app, [[name, value]]).get(url)
    return take()
      .map(told)
      .filter(({ event }) => event === 'refused' || event === 'expired')
  }
  const broken = `${login.slice(0, -1)}${login.endsWith('A') ? 'B' : 'A'}`
  const about = { session: 'login', store: 'memory', url: '/me', during: 'load' }
  t.same(await refusal('/me', '__Host-login', broken), [{ event: 'refused', ...about, problem: 'bad-seal', key }])
  t.same(await refusal('/me', '__Host-login', 'nonsense'), [{ event: 'refused', ...about, problem: 'malformed' }])
  t.hasStrict(await refusal('/sealed', '__Host-sealed', login), [{ event: 'refused', problem: 'bad-seal', key }])

  await client.copy().get('/revoke')
  t.hasStrict(take().map(told).slice(1), [
    { event: 'revoked', session: 'login', id, subject: 'ann', store: 'memory', by: 'revoke', timed: true }
  ])
  t.hasStrict(await refusal('/me', '__Host-login', login), [{ event: 'refused', ...about, problem: 'gone', id, key }])

  const other = Buffer.alloc(32, 7)
  app.sessions.rotate([other, KEY])
  await client.copy().get('/sealed')
  t.hasStrict(
    take()
      .map(told)
      .filter(({ session }) => session === 'sealed'),
    [
      { event: 'loaded', isStale: true, key },
      { event: 'opened', isNew: false },
      { event: 'renewed', store: 'cookie' }
    ]
  )
  app.sessions.rotate([other])
  t.hasStrict(await refusal('/sealed', '__Host-sealed', sealed), [{ event: 'refused', problem: 'unknown-key', key }])
})

t.test('the end of a life is told: unused for too long, or too old', async (t) => {
  const cookie = { maxAge: 3600 }
  const app = await shop(t, {
    sessions: { sealed: { schema, idle: 3600, absolute: 5400, touchAfter: 1, cookie } }
  })
  const client = new Client(app)
  await client.get('/sealed/x')
  const idle = client.copy()
  const time = clock(t)
  const { take } = heard(t, app)
  time.pass(2_400_000)
  await client.get('/sealed')
  time.pass(1_300_000)
  take()
  await idle.get('/sealed')
  const [expired] = take().map(told)
  t.hasStrict(expired, { event: 'expired', by: 'idle', store: 'cookie', url: '/sealed' })
  t.ok(Number(expired?.expiredAt) <= Date.now())
  time.pass(1_800_000)
  await client.get('/sealed')
  t.hasStrict(take().map(told)[0], { event: 'expired', by: 'absolute' })
})

t.test('clearing, a store that fails, and a session that is ended while a request runs are told', async (t) => {
  const memory = memoryStore()
  const failing = { read: false, update: false }
  const store: RecordStore = {
    kind: 'record',
    read: (id) => (failing.read ? fail() : memory.read(id)),
    create: (id, text, expires) => memory.create(id, text, expires),
    update: (id, text, expires, version) => (failing.update ? fail() : memory.update(id, text, expires, version)),
    touch: (id, expires) => memory.touch(id, expires),
    remove: (id) => memory.remove(id)
  }
  const fail = () => {
    throw Object.assign(new Error('redis://:hunter2@10.0.0.3'), { code: 'ECONNREFUSED' })
  }
  const app = await shop(t, { stores: { memory: store } })
  const [arrived, goOn] = [gate(), gate()]
  app.get('/slow', async (request) => {
    request.session('login').set('user', 'slow')
    arrived.open()
    await goOn.opened
  })
  const client = new Client(app)
  await client.get('/in/ann')
  const { take } = heard(t, app)
  failing.update = true
  await client.get('/in/bob')
  t.hasStrict(take().map(told).at(-1), {
    event: 'failed',
    operation: 'save',
    code: 'ECONNREFUSED',
    url: '/in/bob',
    timed: true
  })
  failing.update = false
  failing.read = true
  await client.get('/me')
  const [failed] = take()
  t.hasStrict(told(failed as never), {
    event: 'failed',
    operation: 'load',
    code: 'ECONNREFUSED',
    store: 'memory',
    url: '/me'
  })
  failing.read = false
  await client.get('/me')
  take()
  const slow = client.copy().get('/slow')
  await arrived.opened
  await client.get('/out')
  goOn.open()
  await slow
  t.hasStrict(take().map(told).at(-1), {
    event: 'refused',
    problem: 'gone',
    during: 'save',
    url: '/slow',
    subject: 'ann'
  })
  await app.sessions.clear()
  t.hasStrict(take().map(told), [{ event: 'cleared', timed: true }])
})

t.test('no event holds a value of a session, a key, or what a cookie carries', async (t) => {
  const app = await shop(t)
  const { events } = heard(t, app)
  const client = new Client(app)
  await client.get('/in/ann')
  await client.get('/cart/hunter2')
  await client.get('/cart/hunter2')
  await client.get('/sealed/hunter2')
  await client.get('/sealed')
  await client.get('/out')
  t.ok(events.length > 10)
  const text = JSON.stringify(events.map((event) => told({ ...event, request: undefined } as never)))
  t.notMatch(text, 'hunter2')
  t.notMatch(text, KEY)
  for (const value of client.jar.values()) t.notMatch(text, value)
})

t.test('each event is a line of the log at debug, and there is none at info', async (t) => {
  const log: { level: number; event?: string; msg?: string; id?: string; session?: string }[] = []
  const app = await shop(t, {}, log)
  const client = new Client(app)
  const { events } = heard(t, app)
  const { body: id } = await client.get('/in/ann')
  await client.get('/out')
  await client.get('/cart/tea')
  await client.get('/cart/tea')
  const lines = log.filter(({ event }) => event !== undefined)
  t.same(
    lines.map(({ event }) => event),
    kinds(events)
  )
  t.same([...new Set(lines.map(({ level }) => level))], [20])
  t.hasStrict(lines[1], { session: 'login', id, msg: 'session login: belongs to a user now (memory)' })
  t.match(lines[2]?.msg, /^session login: created with 2 changes, version \d+, \d+\.\d ms \(memory\)$/)
  t.match(lines.at(-1)?.msg, /^session cart: 2 changes saved, version \d+, \d+\.\d ms \(memory\)$/)
  t.notMatch(JSON.stringify(lines), 'ann')
  log.length = 0
  app.log.level = 'info'
  await client.get('/cart/tea')
  t.same(
    log.filter(({ event }) => event !== undefined),
    []
  )
})

t.test('a record that memory drops to make room is told', async (t) => {
  const store = memoryStore({ maxRecords: 2 })
  const app = await shop(t, {
    stores: { memory: store },
    sessions: { cart: { store: 'memory', schema } },
    sweepInterval: 0
  })
  app.get('/new', async (request) => request.session('cart').set('note', 'x').id)
  await app.ready()
  const { take } = heard(t, app)
  const [first] = [await app.inject('/new'), await app.inject('/new'), await app.inject('/new')]
  const evicted = take()
    .map(told)
    .filter(({ event }) => event === 'evicted')
  t.same(evicted, [{ event: 'evicted', store: 'memory', id: first?.body }])
})

t.test(
  'trips to a store can be traced, in the context that a subscriber binds, whether or not it answers at once',
  async (t) => {
    for (const isAsync of [false, true]) {
      const context = new AsyncLocalStorage<string>()
      const memory = memoryStore()
      const seen: (string | undefined)[] = []
      const later = <Answer>(answer: Answer) => {
        seen.push(context.getStore())
        return isAsync ? Promise.resolve(answer) : answer
      }
      const store: RecordStore = {
        kind: 'record',
        read: (id) => later(memory.read(id)),
        create: (id, text, expires) => later(memory.create(id, text, expires)) as never,
        update: (id, text, expires, version) => later(memory.update(id, text, expires, version)) as never,
        touch: (id, expires) => later(memory.touch(id, expires)) as never,
        remove: (id) => later(memory.remove(id)) as never
      }
      const app = await shop(t, { stores: { memory: store } })
      const client = new Client(app)
      await client.get('/in/ann')
      seen.length = 0
      const calls: unknown[] = []
      const trips = new Set<StoreTrip>()
      const listenersOf = (kind: string): TripListeners =>
        Object.fromEntries(
          ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((step) => [
            step,
            (trip: StoreTrip) => {
              if (trip.sessions !== app.sessions) return
              trips.add(trip)
              calls.push([kind, step, trip.isAsync, trip.store, ...trip.names, trip.request?.url])
            }
          ])
        )
      const [loading, saving] = [listenersOf('load'), listenersOf('save')]
      const start = tracingChannel('fastify-sessions.load').start
      start.bindStore(context, (trip) => `in ${(trip as StoreTrip).store}`)
      loads.subscribe(loading)
      saves.subscribe(saving)
      await client.get('/id')
      t.ok(loads.unsubscribe(loading) && saves.unsubscribe(saving))
      start.unbindStore(context)
      const steps = isAsync ? ['start', 'end', 'asyncStart', 'asyncEnd'] : ['start', 'end']
      t.same(calls, [
        ...steps.map((step) => ['load', step, isAsync && step !== 'start', 'memory', 'login', '/id']),
        ...steps.map((step) => ['save', step, isAsync && step !== 'start', 'memory', 'login', '/id'])
      ])
      t.equal(trips.size, 2, 'the same object from the start to the end')
      t.equal(seen[0], 'in memory')
    }
  }
)

t.test('a trip that fails says so, without the words of the engine', async (t) => {
  const broken = memoryStore()
  const app = await shop(t, { stores: { memory: broken } })
  const client = new Client(app)
  await client.get('/in/ann')
  Object.assign(broken, {
    read: async () => {
      throw Object.assign(new Error('redis://:hunter2@10.0.0.3'), { code: 'ECONNREFUSED' })
    }
  })
  const errors: unknown[] = []
  const listeners = { error: (trip: StoreTrip) => trip.sessions === app.sessions && errors.push(trip.error) }
  loads.subscribe(listeners)
  t.teardown(() => loads.unsubscribe(listeners))
  t.equal((await client.get('/me')).statusCode, 503)
  t.equal(errors.length, 1)
  t.hasStrict(
    { ...(errors[0] as Error), message: (errors[0] as Error).message },
    { code: 'ECONNREFUSED', message: 'store "memory": ECONNREFUSED' }
  )
})

t.test('a session of another plugin is told to be carried over', async (t) => {
  const key = Buffer.alloc(32, 3)
  const old = Fastify()
  t.teardown(() => old.close())
  await old.register(oldSessions, { key, cookieName: 'old', cookie: { path: '/' } })
  old.get('/', async (request) => {
    ;(request as unknown as { session: { set(key: string, value: string): void } }).session.set('note', 'old')
  })
  const cookie = String((await old.inject('/')).headers['set-cookie']).split(';')[0] as string
  const app = await shop(t, {
    sessions: { sealed: { schema, from: [secureSession({ key, cookieName: 'old' }, ({ note }) => ({ note }))] } }
  })
  await app.ready()
  const { take } = heard(t, app)
  const { body } = await app.inject({ url: '/sealed', headers: { cookie } })
  t.equal(body, 'old')
  t.hasStrict(
    take()
      .map(told)
      .filter(({ event }) => event !== 'opened' && event !== 'loaded'),
    [{ event: 'carried', peer: '@fastify/secure-session', session: 'sealed' }]
  )
})

t.test('a session that is ended for a newer one of its user, who has as many as may be, is told', async (t) => {
  const app = await shop(t, {
    sessions: { login: { store: 'memory', schema: z.object({ user: z.string().optional() }), limit: LIMIT } }
  })
  const first = await new Client(app).get('/in/ann')
  const { take } = heard(t, app)
  await new Client(app).get('/in/ann')
  t.hasStrict(
    take()
      .map(told)
      .filter(({ event }) => event === 'revoked'),
    [{ by: 'limit', id: first.body, session: 'login', subject: 'ann', store: 'memory', timed: true }]
  )
})
