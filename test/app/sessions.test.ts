import t from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore, type SessionsOptions } from '../../lib/index.js'
import type { From } from '../../types/from.js'
import { buildApp, Client } from '../client.js'
import { exactly } from '../exactly.js'

const schema = z.object({ n: z.number().default(0) })
const HOUR = 3_600_000

t.test('a call that fails is logged by its name, also where nobody waits for it', async (t) => {
  const log: { level: number; msg: string; err?: { message: string } }[] = []
  const app = await buildApp(t, { sessions: { prefs: { schema } } }, log)
  const { sessions } = app
  const calls: Record<string, () => Promise<unknown>> = {
    of: () => sessions.of('ada'),
    revoke: () => sessions.revoke('ada'),
    list: () => sessions.list(),
    why: () => sessions.why('ada'),
    clear: () => sessions.clear(),
    fromHeader: () => sessions.fromHeader(''),
    open: () => sessions.open('prefs', 'id')
  }
  for (const [name, call] of Object.entries(calls)) {
    const message = `app.sessions.${name}(): too early: the app is not ready; await app.ready() first`
    await t.rejects(call(), { code: 'FST_SESSIONS_CONFIG', message: exactly(message) })
    const lines = log.splice(0).filter(({ level }) => level >= 50)
    t.same(
      lines.map(({ msg, err }) => [msg, err?.message]),
      [[`app.sessions.${name}() failed`, message]]
    )
  }
  await app.ready()
  for (const name of ['of', 'revoke', 'why'] as const) {
    const call: Promise<unknown> = sessions[name]('')
    await t.rejects(call, {
      code: 'FST_SESSIONS_CONFIG',
      message: exactly(`app.sessions.${name}(): expected what identify() was told, a non-empty string, got string`)
    })
  }
  await t.rejects(sessions.list({ store: 'redis' }), {
    message: exactly('app.sessions.list(): store: "redis" is not a record store; there is none')
  })
  await t.rejects(sessions.why('ada'), {
    message: exactly('app.sessions.why(): nothing is kept: add history: 1000 to the options, or { store }')
  })
})

async function shop(t: Parameters<typeof buildApp>[0], options: Partial<SessionsOptions>) {
  const app = await buildApp(t, options)
  app.get('/set/:name', async (request) => {
    const { name } = request.params as { name: string }
    return request.session(name).set('n', 1).id
  })
  return app
}

t.test('the sessions of a store are listed by the definitions of that store', async (t) => {
  const stores = { one: memoryStore(), other: memoryStore() }
  const app = await shop(t, { stores, sessions: { login: { schema, store: 'one' }, cart: { schema, store: 'other' } } })
  for (const [name, store] of [
    ['login', 'one'],
    ['cart', 'other']
  ] as const) {
    const { body: id } = await new Client(app).get(`/set/${name}`)
    const { sessions } = await app.sessions.list({ store })
    t.same(
      sessions.map((each) => [each.id, each.name]),
      [[id, name]]
    )
  }
})

t.test('stores that need the app, and what sessions of other plugins need, are ready before the app is', async (t) => {
  const order: string[] = []
  const late = async (what: string) => {
    await new Promise((done) => setImmediate(done))
    order.push(what)
  }
  const arrivals = { kind: 'from', ready: () => late('keys'), isIn: () => false, together: () => arrivals }
  const app = await shop(t, {
    sessions: { login: { schema, store: 'made', from: [arrivals as unknown as From] } }
  })
  app.sessions.addStore('made', async () => {
    await late('made')
    return Object.assign(memoryStore(), { setup: () => late('set up') })
  })
  app.get('/routed', { config: { sessions: ['login'] } }, async () => 'found')
  await app.ready()
  t.same(order, ['made', 'keys', 'set up'])
  t.equal((await new Client(app).get('/routed')).body, 'found')
})

t.test('when all sessions were cleared is kept as long as the sessions that last longest', async (t) => {
  const markers = memoryStore()
  const ends: number[] = []
  const { create } = markers
  const noting: RecordStore['create'] = async (id, text, expires) => {
    ends.push(expires - Number(text))
    return create.call(markers, id, text, expires)
  }
  const app = await shop(t, {
    stores: { markers: Object.assign(markers, { create: noting }) },
    clearMarker: { store: 'markers' },
    sessions: { short: { schema, idle: 60, absolute: 3600 }, long: { schema, idle: 60, absolute: 7200 } }
  })
  await app.ready()
  await app.sessions.clear()
  t.same(ends, [2 * HOUR, 2 * HOUR], 'once more when the store, which has the mark as well, is cleared')
})

t.test('an app that is closed erases its keys, also where a store does not close', async (t) => {
  const down = Object.assign(memoryStore(), { close: () => Promise.reject(new Error('it hangs')) })
  const app = await shop(t, { stores: { down }, sessions: { prefs: { schema } } })
  await app.ready()
  const found = await app.sessions.fromHeader(undefined)
  found.session('prefs').set('n', 1)
  await t.rejects(app.close(), { message: 'it hangs' })
  await t.rejects(found.commit(), {
    message: exactly('could not save session "prefs": its store failed'),
    cause: { message: exactly('nothing can be sealed any more: the app is closed') }
  })
})
