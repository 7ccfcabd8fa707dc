import t from 'tap'
import { z } from 'zod'
import { memoryStore, type SessionsOptions, type StoredRecord } from '../lib/index.js'
import type { MemoryStore } from '../lib/stores/memory.js'
import { buildApp, Client, clock, gate, KEY } from './client.js'
import { holderOf } from './held.js'

type Test = Parameters<typeof buildApp>[0]

const schema = z.object({
  user: z.string().optional(),
  count: z.number().default(0),
  words: z.array(z.string()).default([]),
  sudo: z.boolean().default(false)
})

/** An app whose requests can be held between the reading of their session and what they do with it. */
async function accounts(t: Test, definition: object = {}, options: Partial<SessionsOptions> = {}, log: object[] = []) {
  const store: MemoryStore = memoryStore()
  const login = { store: 'memory', schema, flash: { notice: z.string() }, ...definition }
  const app = await buildApp(t, { stores: { memory: store }, sessions: { login }, ...options }, log)
  const hold = holderOf(app, 'login')
  app.get('/visit', async (request) => request.session('login').set('count', 0).id)
  app.get('/in/:user', async (request) => {
    const { user } = request.params as { user: string }
    return request
      .session('login')
      .regenerate()
      .identify(user)
      .set('user', user)
      .update('count', (count) => Number(count) + 1)
  })
  app.get('/new-id', async (request) => request.session('login').regenerate().id)
  app.get('/new-id/:times', async (request) => {
    for (let left = Number((request.params as { times: string }).times); left > 0; left--) {
      await request.session('login').regenerate().save()
    }
  })
  app.get('/sudo', async (request) => request.session('login').regenerate({ newRights: true }).set('sudo', true).id)
  app.get('/add', async (request) => request.session('login').update('count', (count) => Number(count) + 1))
  app.get('/new-id-add', async (request) => {
    const login = request.session('login').regenerate()
    return login.update('count', (count) => Number(count) + 1)
  })
  app.get('/strict', async (request) => request.session('login').cookie({ sameSite: 'strict' }).id)
  app.get('/out', async (request) => request.session('login').destroy())
  app.get('/id', async (request) => request.session('login').id)
  app.get('/data', async (request) => {
    const { data, problem = null } = request.session('login')
    return { ...data, problem }
  })
  return { app, store, client: new Client(app), hold, kept: keptIn(store) }
}

/** How many records of sessions the store holds, without the indices of users. */
function keptIn(store: MemoryStore): () => number {
  const ids = new Set<string>()
  const { create } = store
  Object.assign(store, {
    create: (...args: Parameters<typeof create>) => {
      ids.add(args[0])
      return create.apply(store, args)
    }
  })
  const isSession = (id: string) => (store.read(id) as StoredRecord | undefined)?.text.startsWith('{"c":') === true
  return () => [...ids].filter(isSession).length
}

const listed = async (app: Awaited<ReturnType<typeof buildApp>>, user: string) =>
  (await app.sessions.of(user)).map(({ id }) => id)

t.test('a slow request never puts back the cookie of an id that was replaced while it ran', async (t) => {
  const time = clock(t)
  const persistent = { touchAfter: 1, idle: 1000, cookie: { maxAge: 1000 } }
  for (const [due, definition, path, isRotated] of [
    ['a renewal', persistent, '/data', false],
    ['a renewal, and a change', persistent, '/add', false],
    ['a rotated key', {}, '/data', true],
    ['a rotated key, and a change', {}, '/add', true],
    ['attributes', {}, '/strict', false]
  ] as const) {
    const { app, hold } = await accounts(t, definition)
    const keys = ['another key of thirty-two bytes or more', KEY]
    for (const replace of ['/new-id', '/sudo', '/in/ada']) {
      const client = new Client(app)
      await client.get('/visit')
      time.pass(2000)
      if (isRotated) app.sessions.rotate([...keys.reverse()])
      const slow = await hold(client.copy(), path)
      await client.get(replace)
      t.equal((await slow()).headers['set-cookie'], undefined, `${due}, ${replace}`)
      t.equal(((await client.json('/data')) as { problem: unknown }).problem, null)
    }
  }
})

t.test('a slow request never puts back the cookie of a session that was ended while it ran', async (t) => {
  for (const path of ['/data', '/strict']) {
    const { app, client, hold } = await accounts(t)
    await client.get('/visit')
    app.sessions.rotate(['another key of thirty-two bytes or more', KEY])
    const slow = await hold(client.copy(), path)
    await client.get('/out')
    t.equal((await slow()).headers['set-cookie'], undefined, path)
  }
})

t.test('where nothing was replaced, a cookie that is due is given', async (t) => {
  const { app, client } = await accounts(t)
  await client.get('/visit')
  t.match((await client.get('/strict')).headers['set-cookie'], /SameSite=Strict/)
  app.sessions.rotate(['another key of thirty-two bytes or more', KEY])
  t.match((await client.get('/data')).headers['set-cookie'], /__Host-login=/)
  t.equal((await client.get('/data')).headers['set-cookie'], undefined)
})

t.test('a store that fails when a cookie is due costs the cookie, not the page', async (t) => {
  const { app, store, client, hold } = await accounts(t)
  await client.get('/visit')
  app.sessions.rotate(['another key of thirty-two bytes or more', KEY])
  const slow = await hold(client, '/data')
  const { read } = store
  Object.assign(store, { read: () => Promise.reject(new Error('connection refused')) })
  const answer = await slow()
  Object.assign(store, { read })
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['set-cookie'], undefined)
  t.match((await client.get('/data')).headers['set-cookie'], /__Host-login=/, 'the next one gives it')
})

t.test('after a sign-in the old id reads what it held, and changes nothing', async (t) => {
  const { client } = await accounts(t)
  await client.get('/visit')
  const planter = client.copy()
  await client.get('/in/ada')
  t.hasStrict(await planter.json('/data'), { count: 0, problem: null, user: undefined })
  const answer = await planter.get('/add')
  t.equal(answer.statusCode, 409)
  t.match(answer.json().message, /session "login": its id was replaced .* nothing was saved/)
  t.equal(answer.headers['set-cookie'], undefined)
  t.hasStrict(await client.json('/data'), { count: 1, user: 'ada' })

  const out = await planter.get('/out')
  t.match(out.headers['set-cookie'], /^__Host-login=; Max-Age=0/)
  t.equal(planter.jar.size, 0)
  t.hasStrict(await client.json('/data'), { count: 1, user: 'ada' }, 'it ends nothing')
})

t.test('so do requests that were in flight, whoever cut off the old id', async (t) => {
  for (const replace of ['/in/ada', '/sudo']) {
    const { app, hold, kept } = await accounts(t)
    for (const [index, path] of ['/add', '/new-id', '/new-id-add', '/sudo', '/in/bob'].entries()) {
      const client = new Client(app)
      await client.get('/visit')
      const slow = await hold(client.copy(), path)
      const slowOut = await hold(client.copy(), '/out')
      await client.get(replace)
      const before = await client.json('/data')
      const answer = await slow()
      t.equal(answer.statusCode, 409, `${replace}, ${path}`)
      t.equal(answer.headers['set-cookie'], undefined)
      await slowOut()
      t.same(await client.json('/data'), before)
      t.same(await listed(app, 'bob'), [])
      t.equal(kept(), 2 * (index + 1), 'the retired record and its successor')
    }
  }
})

t.test('signing out with an id that was cut off, and beginning anew in the same request, is that', async (t) => {
  const { app, client } = await accounts(t)
  app.get('/out-and-on', async (request) => {
    request.session('login').destroy()
    request.session('login').set('count', 7)
  })
  await client.get('/visit')
  const old = client.copy()
  await client.get('/in/ada')
  t.equal((await old.get('/out-and-on')).statusCode, 200)
  t.hasStrict(await old.json('/data'), { count: 7, user: undefined })
  t.hasStrict(await client.json('/data'), { count: 1, user: 'ada' })
})

t.test('where nobody signed in, changes and sign-outs of requests in flight follow to the new id', async (t) => {
  const { client, hold } = await accounts(t)
  await client.get('/in/ada')
  const slow = await hold(client.copy(), '/add')
  const slowOut = await hold(client.copy(), '/out')
  await client.get('/new-id')
  const answer = await slow()
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['set-cookie'], undefined)
  t.hasStrict(await client.json('/data'), { count: 2, user: 'ada' })
  await slowOut()
  t.hasStrict(await client.json('/data'), { problem: 'gone' })
})

t.test('a sign-out with an old id stops where a sign-in cut it off', async (t) => {
  const { client, hold } = await accounts(t)
  await client.get('/visit')
  const slowOut = await hold(client.copy(), '/out')
  await client.get('/new-id')
  await client.get('/in/ada')
  await slowOut()
  t.hasStrict(await client.json('/data'), { user: 'ada', problem: null })
})

t.test('an id that a sign-in cut off stays so, whatever new ids come after that', async (t) => {
  const { client, hold } = await accounts(t)
  await client.get('/visit')
  const planter = client.copy()
  const slow = await hold(client.copy(), '/add')
  await client.get('/in/ada')
  await client.get('/new-id/3')
  t.equal((await slow()).statusCode, 409)
  t.equal((await planter.get('/add')).statusCode, 409)
  await planter.get('/out')
  t.hasStrict(await client.json('/data'), { count: 1, user: 'ada', problem: null })
})

t.test('nor are new rights handed to a sign-in that was slower, where another sign-in came after them', async (t) => {
  const { client, hold } = await accounts(t)
  await client.get('/visit')
  const slow = await hold(client.copy(), '/in/ada')
  await client.get('/sudo')
  await client.get('/in/ada')
  const answer = await slow()
  t.equal(answer.statusCode, 409)
  t.equal(answer.headers['set-cookie'], undefined)
})

t.test(
  'a record that was replaced is kept for its grace and an hour, and never longer than it would have lived',
  async (t) => {
    const real = Date.now
    const now = real()
    Date.now = () => now
    t.teardown(() => {
      Date.now = real
    })
    for (const [idle, seconds] of [
      [7200, 3610],
      [1800, 1800]
    ] as const) {
      const { store, client } = await accounts(t, { idle })
      const { body: id } = await client.get('/visit')
      await client.get('/new-id')
      t.equal((store.read(id) as StoredRecord).expires, now + seconds * 1000)
    }
  }
)

t.test('an update is not lost, however often the id is replaced while the request runs', async (t) => {
  const { app, hold } = await accounts(t)
  for (const times of [1, 8, 9, 40]) {
    const client = new Client(app)
    await client.get('/visit')
    const slow = await hold(client.copy(), '/add')
    const slowNew = await hold(client.copy(), '/new-id-add')
    await client.get(`/new-id/${times}`)
    t.equal((await slow()).statusCode, 200)
    t.equal((await slowNew()).statusCode, 200)
    t.hasStrict(await client.json('/data'), { count: 2 }, `${times}`)
  }
})

t.test('a sign-out ends the session, however often its id was replaced', async (t) => {
  const { client, hold } = await accounts(t)
  await client.get('/visit')
  const slow = await hold(client.copy(), '/out')
  await client.get('/new-id/300')
  t.equal((await slow()).statusCode, 200)
  t.hasStrict(await client.json('/data'), { problem: 'gone' })
})

t.test('records that point in a circle are an error, and nothing runs on', async (t) => {
  const { store, client, hold } = await accounts(t)
  const { body: a } = await client.get('/visit')
  const slow = await hold(client.copy(), '/add')
  const { body: b } = await client.get('/new-id')
  const { text, version, expires } = store.read(b) as StoredRecord
  store.update(b, JSON.stringify({ ...JSON.parse(text), n: [a, Date.now() + 10_000] }), expires, version)
  t.match((await slow()).json(), { statusCode: 503, message: /its id was replaced 2 times, and no end is in sight/ })
  t.equal((await client.get('/data')).statusCode, 503)
})

t.test('of two that sign in at once, both answers name one session, and both count', async (t) => {
  for (const order of [
    [0, 1],
    [1, 0]
  ] as const) {
    for (const isRotated of [false, true]) {
      const { app, client, hold, kept } = await accounts(t)
      await client.get('/visit')
      const clients = [client.copy(), client.copy()] as const
      const both = [await hold(clients[0], '/in/ada'), await hold(clients[1], '/in/ada')] as const
      await both[order[0]]()
      if (isRotated) app.sessions.rotate(['another key of thirty-two bytes or more', KEY])
      const { headers } = await both[order[1]]()
      t.match(headers['set-cookie'], /^__Host-login=[^;]{40}/)
      for (const each of clients) t.hasStrict(await each.json('/data'), { count: 2, user: 'ada', problem: null })
      const [id, ...others] = await listed(app, 'ada')
      t.same(others, [])
      for (const each of clients) t.equal((await each.get('/id')).body, id)
      t.equal(kept(), 2)
      await clients[0].get('/out')
      t.hasStrict(await clients[1].json('/data'), { problem: 'gone' }, 'signed out means signed out')
    }
  }
})

t.test('what the second of two sign-ins does after its save is done to the one session', async (t) => {
  const { app, client, hold } = await accounts(t)
  app.get('/in-and-on', async (request) => {
    const login = request.session('login').regenerate().identify('ada').set('user', 'ada')
    login.flash('notice', 'welcome')
    await login.save()
    const { id, isNew } = login
    const seen = [isNew, login.get('count'), login.peek('notice')]
    login.update('count', (count) => Number(count) + 1)
    login.flashes('notice')
    await login.save()
    return [...seen, id === login.id]
  })
  app.get('/notices', async (request) => request.session('login').peek('notice'))
  await client.get('/visit')
  const first = client.copy()
  const second = client.copy()
  const slow = await hold(second, '/in-and-on')
  await first.get('/in/ada')
  t.same((await slow()).json(), [false, 1, ['welcome'], true])
  t.hasStrict(await first.json('/data'), { count: 2, user: 'ada' })
  t.hasStrict(await second.json('/data'), { count: 2, user: 'ada' })
  t.same(await first.json('/notices'), [])
})

t.test(
  'who can no longer open what points to the session of the first sign-in is told to repeat the request',
  async (t) => {
    const { app, client, hold } = await accounts(t)
    await client.get('/visit')
    const first = client.copy()
    const slow = await hold(client.copy(), '/in/ada')
    await first.get('/in/ada')
    app.sessions.rotate(['another key of thirty-two bytes or more'])
    t.equal((await slow()).statusCode, 409)
    t.equal((await listed(app, 'ada')).length, 1)
  }
)

t.test('new rights are not handed to a sign-in that was slower than they were', async (t) => {
  const { client, hold } = await accounts(t)
  await client.get('/visit')
  const slow = await hold(client.copy(), '/in/ada')
  await client.get('/in/ada')
  await client.get('/sudo')
  const answer = await slow()
  t.equal(answer.statusCode, 409)
  t.equal(answer.headers['set-cookie'], undefined)
  t.hasStrict(await client.json('/data'), { count: 1, sudo: true })
})

t.test('naming the user whom the old id had already is no sign-in', async (t) => {
  const { app, client, hold } = await accounts(t)
  app.get('/again', async (request) => {
    const login = request.session('login')
    login.regenerate().identify(login.subject ?? null)
  })
  await client.get('/in/ada')
  const thief = client.copy()
  const slow = await hold(thief, '/again')
  await client.get('/sudo')
  const answer = await slow()
  t.equal(answer.statusCode, 409)
  t.equal(answer.headers['set-cookie'], undefined)
})

t.test('of two that merely give a new id, both count, and only the first gives a cookie', async (t) => {
  const { app, client, hold, kept } = await accounts(t)
  await client.get('/in/ada')
  const [one, two] = [client.copy(), client.copy()]
  const slow = await hold(two, '/new-id-add')
  const { headers } = await one.get('/new-id-add')
  t.match(headers['set-cookie'], /^__Host-login=[^;]{40}/)
  t.equal((await slow()).headers['set-cookie'], undefined)
  t.hasStrict(await one.json('/data'), { count: 3, user: 'ada' })
  const { body: id } = await one.get('/id')
  t.same(await listed(app, 'ada'), [id])
  t.equal(kept(), 2, 'the retired record and its successor')
})

t.test('a sign-in is not drawn into a session that somebody else got by the old id', async (t) => {
  const { app, client, hold } = await accounts(t)
  await client.get('/visit')
  const planter = client.copy()
  const slow = await hold(client, '/in/ada')
  await planter.get('/new-id')
  t.equal((await slow()).statusCode, 200)
  t.hasStrict(await client.json('/data'), { user: 'ada', count: 1, problem: null })
  t.hasStrict(await planter.json('/data'), { user: undefined, count: 0, problem: null })
  t.equal((await planter.get('/add')).statusCode, 409)
  t.equal((await listed(app, 'ada')).length, 1)
})

t.test('a new id that was asked for within the grace of the old one is the one that it has', async (t) => {
  const { client, kept } = await accounts(t)
  await client.get('/visit')
  const old = client.copy()
  await client.get('/new-id')
  const answer = await old.get('/new-id-add')
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['set-cookie'], undefined)
  t.hasStrict(await client.json('/data'), { count: 1 })
  t.equal(kept(), 2)
})

t.test('a user who was named in a parallel request is listed by the new id', async (t) => {
  const { app, client, hold } = await accounts(t)
  app.get('/name', async (request) => request.session('login').identify('bob').id)
  await client.get('/visit')
  const slow = await hold(client, '/new-id')
  await client.copy().get('/name')
  await slow()
  t.same(await listed(app, 'bob'), [(await client.get('/id')).body])
})

t.test('a user who is named in a parallel request cuts off no id that another merely replaces', async (t) => {
  const { app, client, hold } = await accounts(t)
  app.get('/name', async (request) => request.session('login').identify('bob').id)
  await client.get('/visit')
  const old = client.copy()
  const slow = await hold(client, '/new-id')
  await client.copy().get('/name')
  await slow()
  t.equal((await old.get('/add')).statusCode, 200)
  t.hasStrict(await client.json('/data'), { count: 1 })
})

t.test('a sign-in that named the user before it asked for a new id cuts off the old one', async (t) => {
  const { app, client } = await accounts(t)
  app.get('/in-two-steps', async (request) => {
    const login = request.session('login').identify('ada').set('user', 'ada')
    await login.save()
    login.regenerate()
  })
  await client.get('/visit')
  const planter = client.copy()
  await client.get('/in-two-steps')
  t.equal((await planter.get('/add')).statusCode, 409)
})

t.test('what is stored of a replaced id tells nobody the secret of the new one', async (t) => {
  const { store, client } = await accounts(t, { seal: 'sign' })
  const { body: id } = await client.get('/visit')
  await client.get('/new-id')
  const [, cookie = ''] = [...client.jar][0] as [string, string]
  const [secret = ''] = Buffer.from(cookie.split('.')[0] as string, 'base64url')
    .toString()
    .split('.')
  t.equal(secret.length, 24)
  const { text } = store.read(id) as StoredRecord
  t.notMatch(text, secret)
  const { n } = JSON.parse(text) as { n: readonly string[] }
  t.notMatch(Buffer.from(n[2] as string, 'base64url').toString('latin1'), secret)
})

t.test('new rights are said by name alone', async (t) => {
  const { app, client } = await accounts(t)
  for (const [index, options] of [true, 'newRights', { rights: true }, { newRights: 'yes' }].entries()) {
    app.get(`/wrong/${index}`, async (request) => request.session('login').regenerate(options as object).id)
  }
  for (const index of [0, 1, 2, 3]) {
    t.match((await client.get(`/wrong/${index}`)).json(), {
      code: 'FST_SESSIONS_INVALID_VALUE',
      message: /regenerate\(\): expected \{ newRights: true \}/
    })
  }
})

t.test('while the new record is written, a request with the old id finds a session', async (t) => {
  const { store, client, hold } = await accounts(t)
  await client.get('/visit')
  const slow = await hold(client.copy(), '/add')
  const { create } = store
  const creating = gate()
  const done = gate()
  Object.assign(store, {
    saveMany: undefined,
    create: async (...args: Parameters<typeof create>) => {
      creating.open()
      await done.opened
      return create.apply(store, args)
    }
  })
  const replacing = client.get('/new-id')
  await creating.opened
  t.equal((await slow()).statusCode, 200)
  done.open()
  await replacing
  t.hasStrict(await client.json('/data'), { count: 1 })
})
