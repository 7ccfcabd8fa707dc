import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import sessions, { memoryStore, type RecordStore, type SessionsOptions } from '../../lib/index.js'
import { buildApp, Client, clock, KEY, stopClock, until } from '../client.js'

const schema = z.object({ user: z.string().optional() })

async function shop(t: Test, options: Partial<SessionsOptions> = {}, log?: object[]) {
  const app = await buildApp(
    t,
    {
      stores: { memory: memoryStore() },
      sessions: { login: { store: 'memory', schema, idle: 600, absolute: 3600, touchAfter: 1 } },
      history: 1000,
      ...options
    },
    log
  )
  app.get('/in/:user', async (request) => {
    const { user } = request.params as { user: string }
    return request.session('login').regenerate().set('user', user).identify(user).id
  })
  app.get('/me', async (request) => request.session('login').id ?? null)
  app.get('/out', async (request) => request.session('login').destroy())
  app.get('/rights', async (request) => request.session('login').regenerate({ newRights: true }).id)
  return app
}

async function signedIn(t: Test, options?: Partial<SessionsOptions>) {
  const app = await shop(t, options)
  const client = new Client(app)
  const { body: id } = await client.get('/in/ann')
  const reasonOf = async (asked = id) =>
    (await app.sessions.why(asked)).reason.replaceAll(/\d{4}-[\d-]+T[\d:.]+Z/g, 'NOW')
  return { app, client, id, reasonOf }
}

/** With how the browser keeps its cookie, for those ends that the cookie itself tells. */
const lasting = {
  sessions: { login: { store: 'memory', schema, idle: 600, absolute: 3600, touchAfter: 1, cookie: { maxAge: 3600 } } }
}

t.test('what happens within one millisecond is told in its order, the last first', async (t) => {
  stopClock(t)
  for (const history of [1000, 4, { store: 'memory', keep: 3600 }]) {
    const { app, client, id } = await signedIn(t, { history })
    const { body: other } = await new Client(app).get('/in/ann')
    await app.sessions.revoke('ann')
    await client.get('/me')
    const told = async (asked: string) => (await app.sessions.why(asked)).entries.map(({ event }) => event)
    t.same((await told(id)).slice(0, 2), ['refused', 'revoked'])
    t.same((await told(other)).slice(0, 1), ['revoked'])
  }
})

t.test('twelve sign-outs are told apart, by the id of the session and by its user', async (t) => {
  t.test('signed out', async (t) => {
    const { client, reasonOf } = await signedIn(t)
    await client.get('/out')
    t.equal(await reasonOf(), 'It was signed out: destroy() ended it in GET /out at NOW.')
    t.equal(await reasonOf('ann'), await reasonOf())
  })

  t.test('revoked', async (t) => {
    const { app, client, id, reasonOf } = await signedIn(t)
    await app.sessions.revoke('ann')
    await client.get('/me')
    t.equal(await reasonOf(), 'It was revoked: app.sessions.revoke() ended it at NOW.')
    t.equal(await reasonOf('ann'), await reasonOf())
    const { entries, isAlive } = await app.sessions.why(id)
    t.same([isAlive, entries.map(({ event }) => event)], [false, ['refused', 'revoked', 'identified']])
  })

  t.test('ended by a limit', async (t) => {
    const limit = { sessions: 1, then: 'end-oldest' } as const
    const { app, client, reasonOf } = await signedIn(t, { sessions: { login: { store: 'memory', schema, limit } } })
    const other = new Client(app)
    await other.get('/in/ann')
    await client.get('/me')
    t.equal(await reasonOf(), 'It was ended for a newer session of its user, who had as many as limit allows at NOW.')
    t.match(await reasonOf('ann'), /as limit allows at NOW\. A session of that id, or of that user, lives now\.$/)
  })

  t.test('not used for too long', async (t) => {
    const { client, reasonOf } = await signedIn(t, lasting)
    clock(t).pass(601_000)
    await client.get('/me')
    t.equal(await reasonOf(), 'It had expired, not used for longer than idle, when its cookie came in GET /me at NOW.')
  })

  t.test('too old', async (t) => {
    const { client, reasonOf } = await signedIn(t, {
      sessions: { login: { store: 'memory', schema, idle: 600, absolute: 600, cookie: { maxAge: 600 } } }
    })
    clock(t).pass(601_000)
    await client.get('/me')
    t.equal(await reasonOf(), 'It had expired, older than absolute, when its cookie came in GET /me at NOW.')
  })

  t.test('the key was dropped', async (t) => {
    const { app, client, reasonOf } = await signedIn(t)
    app.sessions.rotate([Buffer.alloc(32, 9)])
    await client.get('/me')
    t.match(
      await reasonOf(),
      /^It lives: nothing here ended it\. Of cookies that do not tell whose they are, the last: a cookie of "login" was refused, sealed with key [\da-f]{10}, which is not in the ring: it was dropped, or is another app's in GET \/me at NOW\.$/
    )
  })

  t.test('all were cleared', async (t) => {
    const { app, client, reasonOf } = await signedIn(t)
    await app.sessions.clear()
    t.equal(await reasonOf(), 'All sessions were ended by app.sessions.clear() at NOW.')
    await client.get('/me')
    t.equal(await reasonOf(), 'It had been ended by app.sessions.clear() when its cookie came in GET /me at NOW.')
    const late = new Client(app)
    const { body: id } = await late.get('/in/bob')
    t.equal(await reasonOf(id), 'It lives: nothing here ended it.')
  })

  t.test('cut off by a sign-in', async (t) => {
    const { client, id, reasonOf } = await signedIn(t)
    await client.get('/in/bob')
    t.equal(
      await reasonOf(id),
      'Regenerate() gave it a new id, and cut the old one off for a sign-in in GET /in/:user at NOW.'
    )
    t.match(await reasonOf('ann'), /^Identify\(\) gave it to another user in GET \/in\/:user at NOW\./)
  })

  t.test('refused by its schema', async (t) => {
    const store = memoryStore()
    const { app, client, id } = await signedIn(t, { stores: { memory: store } })
    const next = await shop(t, {
      stores: { memory: store },
      sessions: { login: { store: 'memory', schema: z.object({ user: z.number() }) } }
    })
    await client.copy(next).get('/me')
    t.match(
      (await next.sessions.why(id)).reason,
      /^What is stored does not fit the schema: it began anew in GET \/me at/
    )
    t.match((await app.sessions.why(id)).reason, /^It lives: nothing here ended it\.$/)
  })

  t.test('a cookie that was tampered with', async (t) => {
    const { app, client, reasonOf } = await signedIn(t)
    const value = client.jar.get('__Host-login') as string
    const broken = `${value.slice(0, -1)}${value.endsWith('A') ? 'B' : 'A'}`
    for (const _ of [1, 2]) await new Client(app, [['__Host-login', broken]]).get('/me')
    t.equal(
      await reasonOf(),
      'It lives: nothing here ended it. Of cookies that do not tell whose they are, the last: a cookie of "login" was refused, its seal broken: it was changed, or is that of another session in GET /me at NOW, and 1 times before.'
    )
  })

  t.test("another app's cookie", async (t) => {
    const { app, reasonOf } = await signedIn(t)
    const other = await shop(t, { app: 'another' })
    const theirs = new Client(other)
    await theirs.get('/in/ann')
    await theirs.copy(app).get('/me')
    t.match(await reasonOf(), /which is not in the ring: it was dropped, or is another app's in GET \/me at NOW\.$/)
  })

  t.test('evicted by memory, and removed without a word', async (t) => {
    const { app, client, id, reasonOf } = await signedIn(t, { stores: { memory: memoryStore({ maxRecords: 3 }) } })
    for (const _ of [1, 2, 3]) await new Client(app).get('/in/bob')
    await client.get('/me')
    t.equal(await reasonOf(), 'Its store dropped it to make room at NOW.')
    t.equal((await app.sessions.why(id)).isAlive, false)

    const store = memoryStore()
    const quiet = await signedIn(t, { stores: { memory: store } })
    store.remove(quiet.id)
    t.equal(await quiet.reasonOf(), 'There is no record of it, and nothing here ended it.')
    await quiet.client.get('/me')
    t.equal(
      await quiet.reasonOf(),
      'There is no record of it, and nothing here ended it: it was too young to have expired unused, so its store dropped it (evicted, flushed or restarted), or another program removed it.'
    )
  })
})

t.test('the newest entries take the places of the oldest', async (t) => {
  const app = await shop(t, { history: 2 })
  const ids: string[] = []
  for (const user of ['ann', 'bob', 'eve']) {
    const client = new Client(app)
    ids.push((await client.get(`/in/${user}`)).body)
    await client.get('/out')
  }
  const reasons = await Promise.all(ids.map(async (id) => (await app.sessions.why(id)).reason.slice(0, 30)))
  t.same(
    reasons,
    ['There is no record of it, and n', 'There is no record of it, and n', 'It was signed out: destroy() en'].map(
      (text) => text.slice(0, 30)
    )
  )
})

t.test('a history in a store is the same for every process, and outlives them', async (t) => {
  const [store, past] = [memoryStore(), memoryStore()]
  const options = { stores: { memory: store, past }, history: { store: 'past' } }
  const first = await shop(t, options)
  const client = new Client(first)
  const { body: id } = await client.get('/in/ann')
  await client.get('/out')
  await first.close()
  const second = await shop(t, options)
  await second.ready()
  t.match((await second.sessions.why(id)).reason, /^It was signed out: destroy\(\) ended it in GET \/out at/)
  const third = await shop(t, options)
  const other = new Client(third)
  await Promise.all(
    ['/in/ann', '/in/ann', '/in/ann'].map(async (url) => {
      const each = new Client(third)
      await each.get(url)
      await each.get('/out')
    })
  )
  await other.get('/in/ann')
  await third.sessions.revoke('ann')
  await third.sessions.why('ann')
  const { entries, reason } = await second.sessions.why('ann')
  t.equal(entries.filter(({ event }) => event === 'destroyed').length, 4)
  t.match(reason, /^It was revoked/)
})

t.test(
  'a history in a store tells of what its cookies hide, and of what ended all sessions, to every process',
  async (t) => {
    const [store, past] = [memoryStore(), memoryStore()]
    const options = { stores: { memory: store, past }, history: { store: 'past' } }
    const [first, second] = [await shop(t, options), await shop(t, options)]
    const client = new Client(first)
    const { body: id } = await client.get('/in/ann')
    await new Client(first, [['__Host-login', 'nonsense']]).get('/me')
    await first.sessions.why('ann')
    await second.ready()
    const { unknown, entries } = await second.sessions.why('ann')
    t.same(
      unknown.map(({ event, problem, route }) => [event, problem, route]),
      [['refused', 'malformed', 'GET /me']]
    )
    t.same(
      entries.map(({ event }) => event),
      ['identified']
    )
    await second.sessions.clear()
    await second.sessions.why('ann')
    t.equal((await first.sessions.why(id)).entries[0]?.event, 'cleared')
    const other = await shop(t, { ...options, app: 'another' })
    await other.ready()
    t.same((await other.sessions.why('ann')).entries, [], 'an app of another name has a history of its own')
  }
)

t.test('an entry that loses a race is written again, and given up after twenty', async (t) => {
  for (const [lost, expected] of [
    [1, ['destroyed', 'identified']],
    [19, ['destroyed', 'identified']],
    [20, ['identified']]
  ] as const) {
    const past = memoryStore()
    const { update } = past
    let toLose = 0
    let tries = 0
    Object.assign(past, {
      saveMany: undefined,
      update: async (...given: Parameters<typeof update>) => {
        tries++
        return toLose-- > 0 ? undefined : update.apply(past, given)
      }
    })
    const options = { stores: { memory: memoryStore(), past }, history: { store: 'past' } }
    const app = await shop(t, options)
    const client = new Client(app)
    const { body: id } = await client.get('/in/ann')
    await app.sessions.why(id)
    toLose = lost
    await client.get('/out')
    const { entries } = await app.sessions.why(id)
    t.same(
      entries.map(({ event }) => event),
      expected,
      `${lost} lost`
    )
    t.ok(tries >= Math.min(lost + 1, 20))
  }
})

t.test('a store that fails keeps no history, and fails no request', async (t) => {
  const past = memoryStore()
  const failing: RecordStore = {
    ...past,
    kind: 'record',
    read: () => Promise.reject(new Error('down')),
    create: () => Promise.reject(new Error('down')),
    update: () => Promise.reject(new Error('down')),
    touch: () => Promise.reject(new Error('down')),
    remove: () => Promise.reject(new Error('down'))
  }
  const log: { level: number; msg: string }[] = []
  const app = await shop(t, { stores: { memory: memoryStore(), past: failing }, history: { store: 'past' } }, log)
  const client = new Client(app)
  await client.get('/in/ann')
  t.equal((await client.get('/out')).statusCode, 200)
  await until(() => log.some(({ msg }) => msg === 'the history of sessions could not be kept: its store failed'))
  await t.rejects(app.sessions.why('ann'), { message: 'down' })
  await app.close()
  t.equal(log.filter(({ msg }) => msg?.startsWith('the history')).length, 1, 'that is told once')
})

t.test('what can not be a history is refused at start', async (t) => {
  const start = async (history: unknown) => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(sessions, {
      keys: [KEY],
      stores: { memory: memoryStore() },
      sessions: {},
      history: history as 1
    })
    await app.ready()
    return app
  }
  for (const [history, message] of [
    [0, 'history: expected a whole number of entries from 1 to 1000000, got 0'],
    ['1000', 'history: expected a number of entries, or { store, keep }, got string'],
    [{ store: 'memory', keep: 0 }, /^history: keep: expected seconds from 1 to/],
    [{ store: 'memory', entries: 4 }, 'history: there is no option "entries"; there are store, keep'],
    [{ store: 'nowhere' }, 'history: store: "nowhere" is not a record store; there are memory']
  ] as const) {
    await t.rejects(start(history), { code: 'FST_SESSIONS_CONFIG', message })
  }
  const app = await start(undefined)
  await t.rejects(app.sessions.why('ann'), {
    code: 'FST_SESSIONS_CONFIG',
    message: /nothing is kept: add history: 1000/
  })
})
