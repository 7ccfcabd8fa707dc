import t from 'tap'
import { z } from 'zod'
import { memoryStore } from '../lib/index.js'
import { ready } from '../lib/seal/aead.js'
import { KeyRing } from '../lib/seal/keys.js'
import { Sealer } from '../lib/seal/sealer.js'
import type { Definition } from '../types/options.js'
import { buildApp, Client, clock, gate, KEY } from './client.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const schema = z.object({ user: z.string().default('nobody') })

/** The same session on a record store and in the cookie, and how often the store was written. */
async function both(t: Parameters<typeof buildApp>[0], definition: Partial<Definition>) {
  const store = memoryStore()
  const writes: string[] = []
  for (const method of ['create', 'update', 'touch'] as const) {
    const original = store[method] as (...args: unknown[]) => Promise<unknown>
    Object.assign(store, {
      [method]: (...args: unknown[]) => {
        writes.push(method)
        return original.apply(store, args)
      }
    })
  }
  const app = await buildApp(t, {
    stores: { memory: store },
    sessions: { kept: { store: 'memory', schema, ...definition }, sealed: { schema, ...definition } }
  })
  app.get('/set', async (request) => {
    for (const name of ['kept', 'sealed']) request.session(name).set('user', 'ann')
  })
  app.get('/get', async (request) => ['kept', 'sealed'].map((name) => request.session(name).get('user')))
  app.get('/problems', async (request) => ['kept', 'sealed'].map((name) => request.session(name).problem))
  app.get('/elsewhere', async () => 'nothing')
  app.get('/remember', async (request) => {
    for (const name of ['kept', 'sealed'])
      request
        .session(name)
        .set('user', 'ann')
        .persist(30 * 24 * 60 * 60)
  })
  app.get('/forget', async (request) => {
    for (const name of ['kept', 'sealed']) request.session(name).persist(false)
  })
  return { app, writes, client: new Client(app) }
}

t.test('a session that is not used for its idle time ends, on the store and in the cookie', async (t) => {
  const time = clock(t)
  const { client } = await both(t, { idle: 3600 })
  await client.get('/set')
  time.pass(HOUR - 1000)
  t.same(await client.json('/get'), ['ann', 'ann'])
  time.pass(HOUR + 1000)
  t.same(await client.json('/get'), ['nobody', 'nobody'])
  t.same(await client.json('/problems'), ['gone', 'expired'])
})

t.test('use renews the end, and what does not use the session does not', async (t) => {
  const time = clock(t)
  const { client } = await both(t, { idle: 3600 })
  await client.get('/set')
  for (let half = 0; half < 6; half++) {
    time.pass(HOUR / 2)
    t.same(await client.json('/get'), ['ann', 'ann'])
  }
  time.pass(HOUR / 2)
  await client.get('/elsewhere')
  time.pass(HOUR / 2 + 1000)
  t.same(await client.json('/get'), ['nobody', 'nobody'])
})

t.test('the absolute lifetime ends a session however much it is used', async (t) => {
  const time = clock(t)
  const { client } = await both(t, { idle: 3600, absolute: 2 * 3600 })
  await client.get('/set')
  for (let third = 0; third < 5; third++) {
    time.pass(HOUR / 3)
    t.same(await client.json('/get'), ['ann', 'ann'])
  }
  time.pass(HOUR / 3 + 1000)
  t.same(await client.json('/get'), ['nobody', 'nobody'])
})

t.test('renewing is throttled and never rewrites the payload', async (t) => {
  const time = clock(t)
  const { client, writes } = await both(t, { idle: 3600, touchAfter: 600 })
  await client.get('/set')
  writes.length = 0
  time.pass(599_000)
  const early = await client.get('/get')
  t.same(writes, [])
  t.notOk(early.headers['set-cookie'])
  time.pass(2000)
  const late = await client.get('/get')
  t.same(writes, ['touch'])
  t.match(late.headers['set-cookie'], /^__Host-sealed=/, 'the cookie store renews by sending its cookie again')
})

t.test('a visitor without data leaves nothing behind', async (t) => {
  const { app, client, writes } = await both(t, {})
  app.get('/undone', async (request) => {
    request.session('kept').set('user', 'ann').delete('user')
    request.session('sealed').persist(60)
    request.session('sealed').clear()
  })
  for (const path of ['/get', '/problems', '/elsewhere', '/undone']) {
    t.notOk((await client.get(path)).headers['set-cookie'], path)
  }
  t.same(writes, [])
})

t.test('a session that is remembered gets a cookie that outlives the browser, and keeps it', async (t) => {
  const time = clock(t)
  const { client } = await both(t, { idle: 3600 })
  const first = await client.get('/set')
  t.ok(
    first.cookies.every(({ maxAge }) => maxAge === undefined),
    'at first the cookies end with the browser'
  )
  const remembered = await client.get('/remember')
  t.same(
    remembered.cookies.map(({ maxAge }) => maxAge),
    [2_592_000, 2_592_000]
  )
  time.pass(20 * DAY)
  const later = await client.get('/get')
  t.same(later.json(), ['ann', 'ann'], 'longer than idle')
  t.same(
    later.cookies.map(({ maxAge }) => maxAge),
    [2_592_000, 2_592_000],
    'renewed by use'
  )
  time.pass(20 * DAY)
  t.same(await client.json('/get'), ['ann', 'ann'])
  const forgotten = await client.get('/forget')
  t.same(
    forgotten.cookies.map(({ maxAge }) => maxAge),
    [undefined, undefined]
  )
  time.pass(2 * HOUR)
  t.same(await client.json('/get'), ['nobody', 'nobody'])
})

t.test('cookie.maxAge makes every cookie persistent, but never longer than the session lives', async (t) => {
  const { client } = await both(t, { idle: 3600, cookie: { maxAge: 7200 } })
  const response = await client.get('/set')
  t.same(
    response.cookies.map(({ maxAge }) => maxAge),
    [3600, 3600]
  )
})

t.test('a persistent cookie is renewed although every request also saves', async (t) => {
  const time = clock(t)
  const { app, client } = await both(t, { idle: 3600, cookie: { maxAge: 3600 } })
  let count = 0
  app.get('/write', async (request) => {
    request.session('kept').set('user', `ann ${++count}`)
  })
  await client.get('/write')
  let renewed = 0
  for (let minute = 0; minute < 20; minute++) {
    time.pass(60_000)
    if ((await client.get('/write')).headers['set-cookie']) renewed++
  }
  t.ok(renewed >= 2 && renewed <= 4, `renewed ${renewed} times in 20 minutes at a touchAfter of 6`)
})

t.test('persist refuses what is no lifetime, and more than the absolute one', async (t) => {
  const { app, client } = await both(t, { absolute: 3600, idle: 60 })
  app.get('/persist/:age', async (request) => {
    request.session('kept').persist(Number((request.params as { age: string }).age))
  })
  for (const age of ['0', '-1', '1.5', '3601', '99999999', 'NaN']) {
    const response = await client.get(`/persist/${age}`)
    t.hasStrict(response.json(), { code: 'FST_SESSIONS_LIFETIME' }, age)
  }
  t.equal((await client.get('/persist/3600')).statusCode, 200)
})

t.test('a persistent cookie does not outlive the absolute lifetime', async (t) => {
  const time = clock(t)
  const { client } = await both(t, { idle: 3600, absolute: 5400, cookie: { maxAge: 3600 } })
  await client.get('/set')
  time.pass(HOUR - 1000)
  const response = await client.get('/get')
  t.same(
    response.cookies.map(({ maxAge }) => maxAge),
    [1801, 1801]
  )
})

t.test('a deploy that shortens the absolute lifetime ends sessions that are older', async (t) => {
  const time = clock(t)
  const store = memoryStore()
  const start = async (absolute: number) => {
    const app = await buildApp(t, {
      stores: { memory: store },
      sessions: { kept: { store: 'memory', schema, absolute }, sealed: { schema, absolute } }
    })
    app.get('/set', async (request) =>
      ['kept', 'sealed'].map((name) => request.session(name).set('user', 'ann').isDirty)
    )
    app.get('/get', async (request) => ['kept', 'sealed'].map((name) => request.session(name).get('user')))
    return app
  }
  const client = new Client(await start(7200))
  await client.get('/set')
  time.pass(HOUR + 1000)
  t.same(await client.json('/get'), ['ann', 'ann'])
  t.same(await client.copy(await start(3600)).json('/get'), ['nobody', 'nobody'])
})

t.test('what persist() says while a save is under way is told to the browser with the reply', async (t) => {
  const [arrived, goOn] = [gate(), gate()]
  const store = memoryStore()
  const { update } = store
  store.update = async (...write) => {
    arrived.open()
    await goOn.opened
    return update.apply(store, write)
  }
  const app = await buildApp(t, { stores: { memory: store }, sessions: { kept: { store: 'memory', schema } } })
  app.get('/set', async (request) => request.session('kept').set('user', 'ann').id)
  app.get('/remember', async (request) => {
    const session = request.session('kept').set('user', 'bob')
    const saving = session.save()
    await arrived.opened
    session.persist(60)
    goOn.open()
    await saving
  })
  const client = new Client(app)
  await client.get('/set')
  const { headers } = await client.get('/remember')
  t.match(headers['set-cookie'], /; Max-Age=60;/)
})

t.test('a record that its store still gives after its end is no session', async (t) => {
  const store = memoryStore()
  const { read } = store
  const late = { ms: 0 }
  Object.assign(store, {
    readMany: undefined,
    read: async (id: string) => {
      const stored = await read.call(store, id)
      return stored && { ...stored, expires: stored.expires - late.ms }
    }
  })
  const app = await buildApp(t, {
    stores: { memory: store },
    sessions: { kept: { store: 'memory', schema, idle: 3600, absolute: 7200 } }
  })
  app.get('/set', async (request) => request.session('kept').set('user', 'ann').id)
  app.get('/get', async (request) => {
    const it = request.session('kept')
    return [it.get('user'), it.problem ?? null]
  })
  const client = new Client(app)
  await client.get('/set')
  t.same(await client.json('/get'), ['ann', null])
  late.ms = HOUR - 60_000
  t.same(await client.json('/get'), ['ann', null])
  late.ms = HOUR
  t.same(await client.json('/get'), ['nobody', 'expired'])
})

t.test('a cookie that was sealed with our key and does not say when it ends is no session', async (t) => {
  await ready()
  const app = await buildApp(t, { sessions: { sealed: { schema } } })
  app.get('/get', async (request) => [request.session('sealed').get('user'), request.session('sealed').problem ?? null])
  const sealed = (record: object) =>
    new Client(app, [
      ['__Host-sealed', new Sealer(new KeyRing([KEY]), 'record sealed', 'encrypt').seal(JSON.stringify(record))]
    ])
  const record = { c: Date.now(), p: { user: 'ann' } }
  t.same(await sealed({ ...record, e: Date.now() + 60_000 }).json('/get'), ['ann', null])
  t.same(await sealed(record).json('/get'), ['nobody', 'malformed'])
  t.same(await sealed({ ...record, e: Date.now() - 1 }).json('/get'), ['nobody', 'expired'])
})
