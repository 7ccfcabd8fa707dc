import t, { type Test } from 'tap'
import { z } from 'zod'
import { type Definition, memoryStore, type RecordStore, type SessionLimit } from '../../lib/index.js'
import { buildApp, Client, clock } from '../client.js'
import { Browser, byInject } from '../from/browser.js'
import { type OldPlugin, plugins } from '../from/old-apps.js'
import { mortal } from './mortal.js'
import { everyOrder, Turns, waiting } from './turns.js'

const schema = z.object({ user: z.string().optional(), visits: z.number().default(0) })

async function accounts(
  t: Test,
  limit: SessionLimit,
  store: RecordStore = memoryStore(),
  more: Partial<Definition> = {}
) {
  const login: Definition = { schema, store: 'memory', limit, ...more }
  const other: Definition = { schema, store: 'memory' }
  const app = await buildApp(t, { stores: { memory: store }, sessions: { login, other } })
  app.get('/visit', async (request) => request.session('login').update('visits', (visits) => Number(visits) + 1))
  app.get('/in/:user', async (request) => {
    const [user = '', ...further] = (request.params as { user: string }).user.split(',')
    return request
      .session('login')
      .regenerate()
      .identify(user, ...further)
      .set('user', user).id
  })
  app.get('/in-place/:user', async (request) => {
    const { user } = request.params as { user: string }
    return request.session('login').identify(user).set('user', user).id
  })
  app.get('/again', async (request) => request.session('login').regenerate().id)
  app.get('/out', async (request) => void request.session('login').destroy())
  app.get('/who', async (request) => {
    const { subject, problem } = request.session('login')
    return { user: subject, problem, visits: request.session('login').get('visits') }
  })
  app.get('/other/:user', async (request) => {
    const { user } = request.params as { user: string }
    return request.session('other').identify(user).set('user', user).id
  })
  const isIn = async (client: Client) => (await client.get('/who')).json().user !== undefined
  return {
    app,
    /** How many of them are signed in, by what they see and by the list. */
    countIn: async (user: string, clients: readonly Client[]) => {
      const seen = (await Promise.all(clients.map(isIn))).filter(Boolean).length
      const sessions = await app.sessions.of(user)
      const listed = sessions.filter(({ name, subjects: [first] }) => name === 'login' && first === user).length
      return seen === listed ? seen : { seen, listed }
    }
  }
}

const clientsOf = (app: Client['app'], count: number) => Array.from({ length: count }, () => new Client(app))

t.test('beyond its limit a sign-in ends the session that its user was given longest ago', async (t) => {
  const { app, countIn } = await accounts(t, { sessions: 3, then: 'end-oldest' })
  app.get('/stream', async (request) => {
    const { signal } = request.session('login')
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve((signal.reason as Error).message), { once: true })
      began()
    })
  })
  let began = () => {}
  const clients = clientsOf(app, 4)
  const [first, second, third, fourth] = clients as [Client, Client, Client, Client]
  for (const client of [first, second, third]) await client.get('/in/ada')
  await first.get('/again')
  const streaming = new Promise<void>((resolve) => {
    began = resolve
  })
  const stream = second.copy().get('/stream')
  await streaming
  await fourth.get('/in/ada')
  t.equal(await countIn('ada', clients), 3)
  t.hasStrict(await second.json('/who'), { problem: 'gone' })
  await app.sessions.revoke('nobody')
  t.equal((await stream).body, 'session "login" has ended while it was watched: gone')
})

t.test('beyond its limit a sign-in is refused, and nothing of it is stored', async (t) => {
  const calls: string[] = []
  const store = waiting(memoryStore(), (method) => void calls.push(method))
  const { app, countIn } = await accounts(t, { sessions: 2, then: 'refuse' }, store)
  const clients = clientsOf(app, 3)
  const [first, second, third] = clients as [Client, Client, Client]
  await third.get('/visit')
  for (const client of [first, second]) await client.get('/in/ada')
  calls.length = 0
  const refused = await third.get('/in/ada,org:7')
  t.equal(refused.statusCode, 409)
  t.hasStrict(refused.json(), {
    code: 'FST_SESSIONS_SAVE',
    message:
      'could not save session "login": its limit of 2 for each user is reached: nothing was saved; another session of the user has to end first'
  })
  t.equal(refused.headers['set-cookie'], undefined)
  t.same([...new Set(calls)].sort(), ['read', 'readMany'], 'nothing was written')
  t.same(await app.sessions.of('org:7'), [])
  t.same(await third.json('/who'), { visits: 1 }, 'what the visitor had is as it was')
  t.equal(await countIn('ada', clients), 2)
  await first.get('/out')
  t.equal((await third.get('/in/ada')).statusCode, 200)
  t.equal(await countIn('ada', clients), 2)
  t.equal((await first.get('/in-place/ada')).statusCode, 409)
})

for (const then of ['end-oldest', 'refuse'] as const) {
  t.test(`${then}: who is signed in counts once, whatever the session is given`, async (t) => {
    const { app, countIn } = await accounts(t, { sessions: 2, then })
    const clients = clientsOf(app, 2)
    for (const client of clients) await client.get('/in/ada')
    for (const url of ['/in/ada', '/again', '/visit', '/in/ada,org:7', '/in-place/ada']) {
      for (const client of clients) t.equal((await client.get(url)).statusCode, 200, url)
      t.equal(await countIn('ada', clients), 2, url)
    }
    const [here] = clients as [Client, Client]
    await Promise.all([here.get('/again'), here.copy().get('/in/ada'), here.copy().get('/again')])
    t.equal((await app.sessions.of('ada')).length, 2)
  })

  t.test(`${then}: sessions that have ended, others' and those of other definitions do not count`, async (t) => {
    const { app, countIn } = await accounts(t, { sessions: 1, then })
    const [ada, bob] = clientsOf(app, 2) as [Client, Client]
    for (let times = 0; times < 3; times++) {
      t.equal((await ada.get('/in/ada')).statusCode, 200)
      await ada.get('/out')
    }
    await ada.get('/in/ada')
    await bob.get('/in/bob,ada')
    await bob.get('/other/ada')
    t.equal(await countIn('ada', [ada]), 1)
    t.equal(await countIn('bob', [bob]), 1)
    await ada.get('/in/eve')
    t.equal((await new Client(app).get('/in/ada')).statusCode, 200, 'who has passed to another user has left a place')
    t.equal(await countIn('eve', [ada]), 1)
  })

  t.test(`${then}: what was cleared does not count, also where a store can not remove it`, async (t) => {
    const store = bound(memoryStore())
    const { app, countIn } = await accounts(t, { sessions: 1, then }, store)
    await new Client(app).get('/in/ada')
    await app.sessions.clear()
    const clients = clientsOf(app, 2)
    t.equal((await (clients[0] as Client).get('/in/ada')).statusCode, 200)
    t.equal((await (clients[1] as Client).get('/in/ada')).statusCode, then === 'refuse' ? 409 : 200)
    t.equal(await countIn('ada', clients), 1)
  })

  t.test(`${then}: the oldest count also when hundreds of other sessions were entered after them`, async (t) => {
    const { app, countIn } = await accounts(t, { sessions: 2, then })
    const clients = clientsOf(app, 3)
    for (const client of clients.slice(0, 2)) await client.get('/in/ada')
    for (let count = 0; count < 140; count++) await new Client(app).get('/other/ada')
    t.equal((await (clients[2] as Client).get('/in/ada')).statusCode, then === 'refuse' ? 409 : 200)
    t.equal(await countIn('ada', clients), 2)
    t.equal(
      ((await (clients[0] as Client).json('/who')) as { user?: string }).user,
      then === 'refuse' ? 'ada' : undefined
    )
  })

  t.test(`${then}: in every order in which they meet, of two sign-ins one is in`, async (t) => {
    const turns = new Turns()
    const { app, countIn } = await accounts(t, { sessions: 1, then }, waiting(memoryStore(), turns.wait))
    let runs = 0
    const wrong: unknown[] = []
    const orders = await everyOrder(2, async (order) => {
      const user = `ada${++runs}`
      const clients = clientsOf(app, 2)
      const statuses: number[] = []
      const signIn = (client: Client) => async () => void statuses.push((await client.get(`/in/${user}`)).statusCode)
      const choices = await turns.run([signIn(clients[0] as Client), signIn(clients[1] as Client)], order)
      const count = await countIn(user, clients)
      const isRight = count === 1 && statuses.sort().join() === (then === 'refuse' ? '200,409' : '200,200')
      if (!isRight) wrong.push({ order, count, statuses })
      return choices
    })
    t.ok(orders > 20, `${orders} orders`)
    t.same(wrong, [])
  })

  for (const sessions of [1, 2]) {
    t.test(`${then} ${sessions}: in every order, a sign-in meets another session that gets a new id`, async (t) => {
      const turns = new Turns()
      const { app, countIn } = await accounts(t, { sessions, then }, waiting(memoryStore(), turns.wait))
      let runs = 0
      const wrong: unknown[] = []
      const orders = await everyOrder(2, async (order) => {
        const user = `ada${++runs}`
        const clients = clientsOf(app, 2)
        const [here, there] = clients as [Client, Client]
        await here.get(`/in/${user}`)
        const choices = await turns.run([() => here.get('/again'), () => there.get(`/in/${user}`)], order)
        const count = await countIn(user, clients)
        if (count !== sessions) wrong.push({ order, count })
        return choices
      })
      t.ok(orders > 20, `${orders} orders`)
      t.same(wrong, [])
    })
  }

  t.test(`${then}: wherever a process dies in a sign-in, the limit is held, and a place is free again`, async (t) => {
    let died = 0
    for (const way of ['in', 'in-place', 'after-visit'] as const) {
      for (let calls = 0; calls < 12; calls++) {
        const { pass, restore } = moving()
        const { life, store } = mortal()
        const { app, countIn } = await accounts(t, { sessions: 2, then }, store)
        const clients = clientsOf(app, 3)
        const [first, second] = clients as [Client, Client]
        await first.get('/in/ada')
        if (way !== 'in') await second.get('/visit')
        life.left = calls
        if ((await second.get(way === 'in-place' ? '/in-place/ada' : '/in/ada')).statusCode === 503) died++
        life.left = Number.POSITIVE_INFINITY
        pass(21_000)
        const [here, there] = clientsOf(app, 2) as [Client, Client]
        t.equal(
          (await here.get('/in/ada')).statusCode === 409,
          then === 'refuse' && (await countIn('ada', [first, second])) === 2
        )
        await there.get('/in/ada')
        t.equal(await countIn('ada', [first, second, here, there]), 2, `${way}, after ${calls} calls`)
        restore()
      }
    }
    t.ok(died > 8, `${died} died`)
  })
}

t.test('refuse: who is in the middle of a sign-in for longer than its place is kept gives way', async (t) => {
  const { pass } = clock(t)
  const store = memoryStore()
  let before = async () => {}
  const slow = {
    ...bound(store),
    create: async (id: string, text: string, expires: number) => {
      if (text.startsWith('{"c":')) await before()
      return store.create(id, text, expires)
    }
  }
  const { app, countIn } = await accounts(t, { sessions: 1, then: 'refuse' }, slow)
  const clients = clientsOf(app, 2)
  const [late, other] = clients as [Client, Client]
  before = async () => {
    before = async () => {}
    t.equal((await other.get('/in/ada')).statusCode, 409)
    pass(21_000)
    t.equal((await other.get('/in/ada')).statusCode, 200)
  }
  await late.get('/in/ada')
  t.equal(late.jar.size, 0)
  t.equal(await countIn('ada', clients), 1)
  t.hasStrict(await other.json('/who'), { user: 'ada' })
})

for (const then of ['end-oldest', 'refuse'] as const) {
  t.test(`${then}: a session that comes from another plugin counts, and is not refused`, async (t) => {
    const plugin = plugins.find(({ name }) => name === 'express-session') as OldPlugin
    const old = await plugin.open(t)
    const came = new Browser()
    await came.get(old, '/sign-in/ada')
    const from = [old.from(({ user = '', visits = 0 }) => ({ user, visits }), { subject: ({ user }) => user })]
    const { app } = await accounts(t, { sessions: 1, then }, memoryStore(), { from })
    const [first, second] = clientsOf(app, 2) as [Client, Client]
    await first.get('/in/ada')
    t.hasStrict(await came.json(byInject(app), '/who'), { user: 'ada' })
    t.equal((await app.sessions.of('ada')).length, then === 'refuse' ? 2 : 1)
    t.match(await first.json('/who'), then === 'refuse' ? { user: 'ada' } : { problem: 'gone' })
    t.equal((await second.get('/in/ada')).statusCode, then === 'refuse' ? 409 : 200)
  })
}

t.test('a limit that is lowered ends all that are beyond it, or refuses until as many have ended', async (t) => {
  const store = memoryStore()
  const before = await accounts(t, { sessions: 4, then: 'refuse' }, store)
  const clients = clientsOf(before.app, 4)
  for (const client of clients) await client.get('/in/ada')
  const refusing = await accounts(t, { sessions: 2, then: 'refuse' }, store)
  t.equal((await new Client(refusing.app).get('/in/ada')).statusCode, 409)
  t.equal((await (clients[0] as Client).copy(refusing.app).get('/again')).statusCode, 200)
  const ending = await accounts(t, { sessions: 2, then: 'end-oldest' }, store)
  await new Client(ending.app).get('/in/ada')
  t.equal((await ending.app.sessions.of('ada')).length, 2)
})

t.test('a limit is refused that can not be, and one for sessions in cookies', async (t) => {
  const refusal = async (limit: unknown, store = 'memory') => {
    const app = buildApp(t, {
      stores: { memory: memoryStore() },
      sessions: { login: { schema, store, limit } as Definition }
    })
    try {
      await (await app).ready()
    } catch (error) {
      return (error as Error).message
    }
    return 'taken'
  }
  const number = 'session "login": limit: sessions: expected a whole number from 1 to 100, got'
  t.equal(await refusal(3), 'session "login": limit: expected { sessions, then }, got number')
  t.equal(await refusal({ sessions: 0, then: 'refuse' }), `${number} 0`)
  t.equal(await refusal({ sessions: 101, then: 'refuse' }), `${number} 101`)
  t.equal(await refusal({ sessions: 1.5, then: 'refuse' }), `${number} 1.5`)
  t.equal(await refusal({ then: 'refuse' }), `${number} undefined`)
  t.equal(
    await refusal({ sessions: 1 }),
    'session "login": limit: then: expected "end-oldest" or "refuse", got undefined'
  )
  t.match(await refusal({ sessions: 1, than: 'refuse' }), /limit: .*"than"/)
  t.equal(
    await refusal({ sessions: 1, then: 'refuse' }, 'cookie'),
    'session "login": limit needs a record store: nobody knows how many cookies there are'
  )
})

/** A store whose methods can be taken apart. */
function bound(store: RecordStore): RecordStore {
  const { read, create, update, touch, remove } = store
  return {
    kind: 'record',
    read: read.bind(store),
    create: create.bind(store),
    update: update.bind(store),
    touch: touch.bind(store),
    remove: remove.bind(store)
  }
}

/** A clock that is set back before the test ends. */
function moving() {
  const real = Date.now
  let offset = 0
  Date.now = () => real() + offset
  return {
    pass: (ms: number) => {
      offset += ms
    },
    restore: () => {
      Date.now = real
    }
  }
}
