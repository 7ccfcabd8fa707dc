import t from 'tap'
import { z } from 'zod'
import { memoryStore } from '../lib/index.js'
import { buildApp, Client, clock, gate, KEY, stopClock, until } from './client.js'
import { arrivalsAt } from './held.js'

const MINUTE = 60_000

const rights = z.array(z.string()).default([])

async function accounts(
  t: Parameters<typeof buildApp>[0],
  log: object[] = [],
  schema: z.ZodType = z.object({ user: z.string(), rights })
) {
  const store = memoryStore()
  const app = await buildApp(
    t,
    {
      stores: { memory: store },
      sessions: {
        login: {
          store: 'memory',
          schema,
          flash: { bye: z.string() },
          grace: 10
        }
      }
    },
    log
  )
  const arrived = arrivalsAt(app)
  app.get('/visit', async (request) => {
    request.session('login').flash('bye', 'anonymous')
  })
  app.get('/in/:user', async (request) => {
    const { user } = request.params as { user: string }
    return request.session('login').regenerate().identify(user).set('user', user).id
  })
  app.get('/out', async (request) => request.session('login').destroy())
  app.get('/who', async (request) => request.session('login').get('user') ?? 'nobody')
  app.get('/problem', async (request) => request.session('login').problem ?? 'none')
  app.get('/right/:right', async (request) => {
    request
      .session('login')
      .update('rights', (rights) => [...(rights as string[]), (request.params as { right: string }).right])
  })
  app.get('/rights', async (request) => request.session('login').get('rights'))
  return { app, store, client: new Client(app), arrived }
}

t.test('a destroyed session is gone from the store and from the browser', async (t) => {
  const { client } = await accounts(t)
  await client.get('/in/ann')
  const thief = client.copy()
  t.equal((await thief.get('/who')).body, 'ann')
  const response = await client.get('/out')
  t.match(
    response.headers['set-cookie'],
    /^__Host-login=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=\/; HttpOnly; Secure; SameSite=Lax$/
  )
  t.equal(client.jar.size, 0)
  t.equal((await thief.get('/who')).body, 'nobody')
  t.equal((await thief.get('/problem')).body, 'gone')
})

t.test('a slow request cannot bring back a destroyed session', async (t) => {
  const { app, client, arrived } = await accounts(t)
  const { opened, open } = gate()
  app.get('/slow', async (request) => {
    const login = request.session('login')
    await opened
    login.set('rights', ['admin'])
  })
  await client.get('/in/ann')
  const copy = client.copy()
  const slow = copy.get('/slow')
  await arrived(1)
  await client.get('/out')
  open()
  const response = await slow
  t.equal(response.statusCode, 200)
  t.notOk(response.headers['set-cookie'])
  t.equal((await copy.get('/who')).body, 'nobody')
})

t.test('a request that saves what was ended while it ran learns it, and gives the browser no cookie', async (t) => {
  const log: { session?: string; msg?: string }[] = []
  const { app, client } = await accounts(t, log)
  app.get('/late', async (request) => {
    const login = request.session('login').persist()
    await app.sessions.revoke('ada')
    await login.save()
    return login.problem ?? 'none'
  })
  await client.get('/in/ada')
  const answer = await client.get('/late')
  t.equal(answer.body, 'gone')
  t.equal(answer.headers['set-cookie'], undefined)
  t.hasStrict(
    log.find(({ msg }) => msg?.includes('ended while')),
    { session: 'login' }
  )
})

t.test('a slow request that regenerates cannot bring back a destroyed session', async (t) => {
  const { app, client, arrived } = await accounts(t)
  const { opened, open } = gate()
  app.get('/slow', async (request) => {
    const login = request.session('login').regenerate()
    await opened
    login.set('rights', ['admin'])
  })
  await client.get('/in/ann')
  const copy = client.copy()
  const slow = copy.get('/slow')
  await arrived(1)
  await client.get('/out')
  open()
  await slow
  t.equal((await copy.get('/who')).body, 'nobody')
  t.same(await app.sessions.of('ann'), [])
})

t.test('a sign-out that overlaps a regeneration ends the new id too', async (t) => {
  const { app, client, arrived } = await accounts(t)
  const { opened, open } = gate()
  app.get('/slow-out', async (request) => {
    const login = request.session('login')
    await opened
    login.destroy()
  })
  await client.get('/in/ann')
  const copy = client.copy()
  const out = copy.get('/slow-out')
  await arrived(1)
  await client.get('/in/ann')
  open()
  await out
  t.equal((await client.get('/who')).body, 'nobody')
})

t.test('a session can begin anew after destroy in the same request', async (t) => {
  const { app, client } = await accounts(t)
  app.get('/switch', async (request) => {
    const login = request.session('login')
    const before = login.id
    login.destroy()
    login.flash('bye', 'signed out')
    return [before !== login.id, login.isNew, login.get('user') ?? 'nobody']
  })
  app.get('/flashes', async (request) => request.session('login').flashes())
  await client.get('/in/ann')
  t.same(await client.json('/switch'), [true, true, 'nobody'])
  t.equal((await client.get('/who')).body, 'nobody')
  t.same(await client.json('/flashes'), { bye: ['signed out'] })
})

t.test('regenerate gives a new id and keeps the data, and requests in flight do not fall out', async (t) => {
  const time = clock(t)
  const log: { level?: number; problem?: string }[] = []
  const { app, client } = await accounts(t, log)
  app.get('/regenerate', async (request) => request.session('login').regenerate().id)
  app.get('/id', async (request) => request.session('login').id)
  await client.get('/in/ann')
  await client.get('/right/read')
  const old = client.copy()
  const oldId = (await client.get('/id')).body
  const newId = (await client.get('/regenerate')).body
  t.not(newId, oldId)
  t.equal((await client.get('/id')).body, newId)
  t.same(await client.json('/rights'), ['read'])

  const late = await old.get('/who')
  t.equal(late.body, 'ann')
  t.notOk(late.headers['set-cookie'], 'the old cookie is not sent again')
  await old.get('/right/write')
  t.same(await client.json('/rights'), ['read', 'write'], 'what a request in flight changed is not lost')

  time.pass(11_000)
  t.equal((await old.get('/who')).body, 'nobody')
  t.equal((await old.get('/problem')).body, 'retired')
  t.ok(
    log.some(({ level, problem }) => problem === 'retired' && level === 40),
    'the use of a retired id is a warning'
  )
  t.equal((await client.get('/who')).body, 'ann')
})

t.test('the old id of a remembered session is not renewed within its grace, whatever changes', async (t) => {
  const { app, client } = await accounts(t)
  app.get('/remember', async (request) => request.session('login').persist(3600).regenerate().id)
  app.get('/strict', async (request) => request.session('login').cookie({ sameSite: 'strict' }).id)
  await client.get('/in/ann')
  await client.get('/remember')
  const old = client.copy()
  await client.get('/remember')
  app.sessions.rotate(['another key of thirty-two bytes or more', KEY])
  for (const path of ['/right/write', '/strict', '/who']) {
    const response = await old.get(path)
    t.equal(response.statusCode, 200)
    t.notOk(response.headers['set-cookie'], path)
  }
})

t.test('who planted an id before sign-in learns nothing of what came after it', async (t) => {
  const { client } = await accounts(t)
  await client.get('/visit')
  const attacker = client.copy()
  await client.get('/in/ann')
  t.equal((await client.get('/who')).body, 'ann')
  t.equal((await attacker.get('/who')).body, 'nobody')
})

t.test('who comes with a replaced id learns nothing of the new one by saving, and what it saves is kept', async (t) => {
  const { app, client, arrived } = await accounts(t, [], z.object({ user: z.string().optional(), rights }))
  const { opened, open } = gate()
  app.get('/save/:right', async (request) => {
    const { right } = request.params as { right: string }
    const login = request.session('login')
    if (right === 'slow') await opened
    const seen = []
    for (const each of ['first', 'second']) {
      login.update('rights', (present) => [...(present as string[]), `${right} ${each}`])
      login.flash('bye', each)
      const saving = login.save()
      if (each === 'first') login.update('rights', (present) => [...(present as string[]), `${right} meanwhile`])
      await saving
      seen.push(login.get('user') ?? 'nobody', login.subject ?? 'nobody', login.peek('bye').length)
    }
    return seen
  })
  app.get('/anew', async (request) => request.session('login').regenerate().set('user', 'ann').id)
  await client.get('/visit')
  const old = client.copy()
  const slow = old.json('/save/slow')
  await arrived(1)
  await client.get('/anew')
  const nothing = ['nobody', 'nobody', 2, 'nobody', 'nobody', 3]
  t.same(await old.json('/save/fast'), nothing)
  open()
  t.same(await slow, nothing)
  t.same(
    await client.json('/rights'),
    ['fast', 'slow'].flatMap((name) => ['first', 'meanwhile', 'second'].map((each) => `${name} ${each}`))
  )
  t.equal((await client.get('/who')).body, 'ann')
})

t.test('a user who is named by a request with the old id is listed by the new one', async (t) => {
  const { app, client } = await accounts(t)
  app.get('/name', async (request) => {
    request.session('login').identify('bob')
  })
  app.get('/anew', async (request) => request.session('login').regenerate().id)
  await client.get('/visit')
  const old = client.copy()
  const { body: id } = await client.get('/anew')
  await old.get('/name')
  t.same(
    (await app.sessions.of('bob')).map((session) => session.id),
    [id]
  )
})

t.test('a sign-out within the grace ends the old id too', async (t) => {
  const { client } = await accounts(t)
  await client.get('/in/ann')
  const old = client.copy()
  await client.get('/in/ann')
  t.equal((await old.get('/who')).body, 'ann')
  await client.get('/out')
  t.equal((await old.get('/who')).body, 'nobody')
})

t.test('a sign-out with the old id ends the new one too', async (t) => {
  const { client } = await accounts(t)
  await client.get('/in/ann')
  const old = client.copy()
  await client.get('/in/ann')
  await old.get('/out')
  t.equal((await client.get('/who')).body, 'nobody')
})

t.test('a write that overlaps a regeneration reaches the new id', async (t) => {
  const { app, client, arrived } = await accounts(t)
  const { opened, open } = gate()
  app.get('/slow-right', async (request) => {
    const login = request.session('login')
    await opened
    login.update('rights', (rights) => [...(rights as string[]), 'slow'])
  })
  await client.get('/in/ann')
  const slow = client.copy().get('/slow-right')
  await arrived(1)
  await client.get('/in/ann')
  open()
  t.equal((await slow).statusCode, 200)
  t.same(await client.json('/rights'), ['slow'])
})

t.test('a regeneration that overlaps a write keeps what was written', async (t) => {
  const { app, client, arrived } = await accounts(t)
  const { opened, open } = gate()
  app.get('/slow-regenerate', async (request) => {
    const login = request.session('login').regenerate()
    await opened
    login.update('rights', (rights) => [...(rights as string[]), 'regenerated'])
  })
  await client.get('/in/ann')
  const other = client.copy()
  const slow = client.get('/slow-regenerate')
  await arrived(1)
  await other.get('/right/written')
  open()
  await slow
  t.same(await client.json('/rights'), ['written', 'regenerated'])
})

t.test('a sign-in that is clicked twice leaves a browser signed in, whichever answer it keeps', async (t) => {
  const { app, client, arrived } = await accounts(t)
  const { opened, open } = gate()
  app.get('/slow-in', async (request) => {
    const login = request.session('login')
    await opened
    login.regenerate().identify('ann').set('user', 'ann')
  })
  await client.get('/visit')
  const one = client.copy()
  const two = client.copy()
  const both = [one.get('/slow-in'), two.get('/slow-in')]
  await arrived(2)
  open()
  await Promise.all(both)
  t.equal((await one.get('/who')).body, 'ann')
  t.equal((await two.get('/who')).body, 'ann')
  t.equal((await app.sessions.of('ann')).length, 1)
})

t.test("a user's sessions can be listed, and each or all but one ended", async (t) => {
  const { app } = await accounts(t)
  app.get('/others', async (request) => app.sessions.revoke('ann', { except: request.session('login') }))
  app.get('/id', async (request) => request.session('login').id)
  const clients = [new Client(app), new Client(app), new Client(app)] as const
  for (const client of clients) await client.get('/in/ann')
  await new Client(app).get('/in/bob')
  const listed = await app.sessions.of('ann')
  t.equal(listed.length, 3)
  t.hasStrict(listed[0], { name: 'login', persistent: false, data: { user: 'ann', rights: [] } })
  t.ok(listed.every(({ createdAt, usedAt, expiresAt }) => createdAt <= usedAt && usedAt < expiresAt))

  const ids = await Promise.all(clients.map(async (client) => (await client.get('/id')).body))
  t.same(listed.map(({ id }) => id).sort(), [...ids].sort())

  t.equal(await app.sessions.revoke('ann', { only: ids[2] as string }), 1)
  t.equal((await clients[2].get('/who')).body, 'nobody')
  t.equal(await clients[0].json('/others'), 1)
  t.equal((await clients[0].get('/who')).body, 'ann')
  t.equal((await clients[1].get('/who')).body, 'nobody')
  t.equal(await app.sessions.revoke('ann'), 1)
  t.same(await app.sessions.of('ann'), [])
  t.equal((await app.sessions.of('bob')).length, 1)
  t.equal(await app.sessions.revoke('nobody'), 0)
})

t.test('a sign-in that overlaps a revocation is ended by it or is listed after it', async (t) => {
  for (let step = 1; step <= 4; step++) {
    const { app, store } = await accounts(t)
    await new Client(app).get('/in/ann')
    const client = new Client(app)
    let steps = 0
    let revoking: Promise<number> | undefined
    // A batch of this store calls its other methods, which are no steps of their own then.
    let isInBatch = false
    for (const method of ['read', 'create', 'update', 'readMany', 'saveMany'] as const) {
      const original = store[method] as (...args: unknown[]) => unknown
      const asStep = async (...args: unknown[]) => {
        if (++steps === step) revoking = app.sessions.revoke('ann')
        await new Promise((resolve) => setImmediate(resolve))
        isInBatch = true
        const answer = original.apply(store, args)
        isInBatch = false
        return answer
      }
      Object.assign(store, {
        [method]: (...args: unknown[]) => (isInBatch ? original.apply(store, args) : asStep(...args))
      })
    }
    await client.get('/in/ann')
    t.ok((await (revoking as unknown as Promise<number>)) >= 1, `revoked at step ${step}`)
    const isIn = (await client.get('/who')).body === 'ann'
    t.equal((await app.sessions.of('ann')).length, isIn ? 1 : 0, isIn ? 'came after it' : 'ended by it')
  }
})

t.test('two sign-ins of one user at once do not end each other', async (t) => {
  const { app } = await accounts(t)
  const clients = Array.from({ length: 8 }, () => new Client(app))
  await Promise.all(clients.map((client) => client.get('/in/ann')))
  for (const client of clients) t.equal((await client.get('/who')).body, 'ann')
  t.equal((await app.sessions.of('ann')).length, 8)
})

t.test('a sign-in that is still being written is not struck from the list by the next one', async (t) => {
  const { app, store } = await accounts(t)
  const { opened, open } = gate()
  const { create } = store
  let creations = 0
  // The first creation is that of the index, the second that of the first session.
  Object.assign(store, {
    create: async (...args: Parameters<typeof create>) => {
      if (++creations === 2) await opened
      return create.apply(store, args)
    }
  })
  const [slow, fast] = [new Client(app), new Client(app)]
  const signingIn = slow.get('/in/ann')
  await until(() => creations === 2)
  await fast.get('/in/ann')
  open()
  await signingIn
  t.equal((await slow.get('/who')).body, 'ann')
  t.equal((await app.sessions.of('ann')).length, 2)
})

t.test('a user who is no longer named is no longer listed', async (t) => {
  const { app, client } = await accounts(t)
  app.get('/anonymous', async (request) => {
    request.session('login').identify(null)
  })
  await client.get('/in/ann')
  await client.get('/anonymous')
  t.same(await app.sessions.of('ann'), [])
  t.equal((await client.get('/who')).body, 'ann', 'the session itself goes on')
})

t.test('identify takes a non-empty string, and needs a record store', async (t) => {
  const app = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: {
      login: { store: 'memory', schema: z.object({}) },
      prefs: { schema: z.object({}) }
    }
  })
  app.get('/empty', async (request) => request.session('login').identify(''))
  app.get('/cookie', async (request) => request.session('prefs').identify('ann'))
  const client = new Client(app)
  t.hasStrict((await client.get('/empty')).json(), { code: 'FST_SESSIONS_INVALID_VALUE' })
  t.match((await client.get('/cookie')).json(), { code: 'FST_SESSIONS_UNSUPPORTED', message: /record store/ })
})

t.test('clearing ends every session of every store, also sealed cookies from before', async (t) => {
  const time = clock(t)
  const app = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: {
      login: { store: 'memory', schema: z.object({ user: z.string().optional() }) },
      prefs: { schema: z.object({ theme: z.string().optional() }) }
    }
  })
  app.get('/set', async (request) => {
    request.session('login').set('user', 'ann')
    request.session('prefs').set('theme', 'dark')
  })
  app.get('/get', async (request) => ({
    ...request.session('login').data,
    ...request.session('prefs').data,
    problem: request.session('prefs').problem
  }))
  const client = new Client(app)
  await client.get('/set')
  t.same(await client.json('/get'), { user: 'ann', theme: 'dark' })
  time.pass(MINUTE)
  await app.sessions.clear()
  t.same(await client.json('/get'), { problem: 'cleared' })
  await client.get('/set')
  t.same(await client.json('/get'), { user: 'ann', theme: 'dark' }, 'sessions from after the clearing are good')
})

t.test('a session that begins in the very millisecond of the clearing is good', async (t) => {
  stopClock(t)
  const app = await buildApp(t, { sessions: { prefs: { schema: z.object({ theme: z.string().optional() }) } } })
  app.get('/set', async (request) => request.session('prefs').set('theme', 'dark').isDirty)
  app.get('/get', async (request) => request.session('prefs').data)
  const client = new Client(app)
  await app.ready()
  await app.sessions.clear()
  await client.get('/set')
  t.same(await client.json('/get'), { theme: 'dark' })
})

t.test('where a record store remembers it, every process refuses cookies from before the clearing', async (t) => {
  const shared = memoryStore()
  const options = {
    stores: { memory: shared },
    sessions: { prefs: { schema: z.object({ theme: z.string().optional() }) } },
    clearMarker: { store: 'memory', refresh: 0 }
  }
  const start = async () => {
    const app = await buildApp(t, options)
    app.get('/set', async (request) => {
      request.session('prefs').set('theme', 'dark')
    })
    app.get('/get', async (request) => ({
      ...request.session('prefs').data,
      problem: request.session('prefs').problem
    }))
    return app
  }
  const [one, two] = [await start(), await start()]
  const client = new Client(one)
  await client.get('/set')
  t.same(await client.copy(two).json('/get'), { theme: 'dark' })
  await one.sessions.clear()
  t.same(await client.copy(two).json('/get'), { problem: 'cleared' })
  t.same(await client.copy(await start()).json('/get'), { problem: 'cleared' }, 'also after a restart')
})

t.test('what is marked as destroyed goes by itself within a minute, should it not be removed', async (t) => {
  const time = clock(t)
  const { client, store } = await accounts(t)
  const { body: id } = await client.get('/in/ann')
  Object.assign(store, { saveMany: undefined, remove: async () => false })
  await client.get('/out')
  t.match(await store.read(id), { text: /"x":true/ })
  time.pass(MINUTE + 1)
  t.equal(await store.read(id), undefined)
})
