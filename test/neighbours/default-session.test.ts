import { inspect } from 'node:util'
import type { FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore } from '../../lib/index.js'
import { Client, gate } from '../client.js'
import { appOn, schema, type Theirs, theirs } from './default-app.js'

const KINDS = ['memory', 'cookie'] as const

for (const store of KINDS) {
  t.test(`on the ${store} store, request.session is called by name and is the default session too`, async (t) => {
    const app = await appOn(t, store)
    app.get('/set', async (request) => {
      theirs(request).user = 'ada'
      theirs(request)['returnTo'] = '/basket'
      request.session('prefs').set('user', 'of prefs')
    })
    app.get('/get', async (request) => {
      const session = theirs(request)
      return {
        typed: [session.user, session.get('user'), request.session('login').get('user')],
        theirs: [session['returnTo'], session.get('returnTo')],
        prefs: request.session('prefs').get('user'),
        data: [session.data(), request.session('login').data],
        keys: Object.keys(session),
        in: ['user' in session, 'returnTo' in session, 'nothing' in session, 'get' in session]
      }
    })
    app.get('/remove', async (request) => {
      const session = theirs(request)
      Reflect.deleteProperty(session, 'returnTo')
      session.set('user', undefined)
      return session.data()
    })
    const client = new Client(app)
    t.equal((await client.get('/set')).statusCode, 200)
    t.same(await client.json('/get'), {
      typed: ['ada', 'ada', 'ada'],
      theirs: ['/basket', '/basket'],
      prefs: 'of prefs',
      data: [
        { user: 'ada', items: [], returnTo: '/basket' },
        { user: 'ada', items: [] }
      ],
      keys: ['user', 'items', 'returnTo'],
      in: [true, true, false, true]
    })
    t.same(await client.json('/remove'), { items: [] })
    t.same(((await client.json('/get')) as { theirs: unknown }).theirs, [null, null])
  })

  t.test(`on the ${store} store, an object that a plugin changes in place is saved`, async (t) => {
    const app = await appOn(t, store)
    app.get('/begin', async (request) => {
      const session = theirs(request)
      if (!session['oauth']) session['oauth'] = {}
      const held = session['oauth'] as Record<string, unknown>
      held['state'] = 'abc'
    })
    app.get('/end', async (request) => {
      const session = theirs(request)
      const held = session['oauth'] as Record<string, unknown>
      const { state } = held
      delete held['state']
      if (Object.keys(session['oauth'] as object).length === 0) Reflect.deleteProperty(session, 'oauth')
      return [state, session.data()]
    })
    app.get('/data', async (request) => theirs(request).data())
    const client = new Client(app)
    await client.get('/begin')
    t.same(await client.json('/data'), { items: [], oauth: { state: 'abc' } })
    t.same(await client.json('/end'), ['abc', { items: [] }])
    t.same(await client.json('/data'), { items: [] })
  })
}

/** What one request did with the default session, and what the next one finds. */
async function afterwards(t: Test, store: string, work: (session: Theirs, request: FastifyRequest) => unknown) {
  const app = await appOn(t, store)
  app.get('/before', async (request) => {
    const session = theirs(request)
    session.user = 'ada'
    session.items = ['tea']
    session['cart'] = { n: 1 }
    session['lang'] = 'en'
    request.session('login').flash('notice', 'hello')
    if (store !== 'cookie') request.session('login').identify('ada')
  })
  app.get('/work', async (request) => work(theirs(request), request))
  app.get('/after', async (request) => {
    const { subject = null } = request.session('login')
    return { data: theirs(request).data(), notices: request.session('login').peek('notice'), subject }
  })
  const client = new Client(app)
  await client.get('/before')
  const copy = client.copy()
  const { statusCode, body } = await client.get('/work')
  return { client, copy, statusCode, body, found: await client.json('/after'), old: await copy.json('/after') }
}

const NOTHING = { data: { items: [] }, notices: [], subject: null }
const ALL = {
  data: { user: 'ada', items: ['tea'], cart: { n: 1 }, lang: 'en' },
  notices: ['hello'],
  subject: 'ada'
}

t.test('regenerate() ends the session: neither the old id nor the new one has anything of it', async (t) => {
  const { found, old, client } = await afterwards(t, 'memory', (session) => session.regenerate())
  t.same(found, NOTHING)
  t.same(old, NOTHING)
  t.equal(client.jar.size, 0)
})

t.test('regenerate(keep) keeps values of those keys and nothing else, also from whoever has the old id', async (t) => {
  const { found, old, client, copy } = await afterwards(t, 'memory', (session) =>
    session.regenerate(['items', 'lang', 'nothing'])
  )
  t.same(found, { data: { items: ['tea'], lang: 'en' }, notices: [], subject: null })
  t.same(old, NOTHING)
  t.not(client.cookie, copy.cookie)
})

t.test('regenerate(keep) on the cookie store keeps values of those keys and nothing else', async (t) => {
  const { found } = await afterwards(t, 'cookie', (session) => session.regenerate(['items', 'lang']))
  t.same(found, { data: { items: ['tea'], lang: 'en' }, notices: [], subject: null })
})

for (const end of ['regenerate', 'destroy', 'delete'] as const) {
  for (const store of KINDS) {
    t.test(`${end}() ends a session on the ${store} store, also of a response that fails`, async (t) => {
      const { found, statusCode } = await afterwards(t, store, (session) => {
        session[end]()
        throw new Error('the goodbye page is broken')
      })
      t.same([statusCode, found], [500, NOTHING])
    })
  }
}

for (const method of ['regenerate', 'destroy', 'save', 'reload'] as const) {
  t.test(`${method}() calls back, or gives a promise`, async (t) => {
    const { body } = await afterwards(t, 'memory', async (session) => {
      const viaPromise = await session[method]()
      const viaCallback = await new Promise((resolve) => session[method]((error?: unknown) => resolve(error ?? 'done')))
      return [viaPromise ?? null, viaCallback]
    })
    t.equal(body, '[null,"done"]')
  })
}

t.test('regenerate(keep, callback) calls back with what went wrong', async (t) => {
  const app = await appOn(t, 'memory', { sessions: { login: { store: 'memory', schema, load: 'manual' } } })
  app.get('/', async (request) => {
    const error = await new Promise<unknown>((resolve) => theirs(request).regenerate(['items'], resolve))
    return { code: (error as { code: string }).code }
  })
  t.same(await new Client(app).json('/'), { code: 'FST_SESSIONS_NOT_LOADED' })
})

t.test(
  'what clear() removes is gone for other plugins too, and does not come back with an object they hold',
  async (t) => {
    const { found } = await afterwards(t, 'memory', (session, request) => {
      const cart = session['cart'] as { n: number }
      request.session('login').clear()
      cart.n = 2
      session['lang'] = 'fr'
    })
    t.same(found, { ...NOTHING, data: { items: [], lang: 'fr' }, subject: 'ada' })
  }
)

t.test('after save() an object that a plugin holds is still watched', async (t) => {
  const { found } = await afterwards(t, 'memory', async (session) => {
    const cart = session['cart'] as { n: number }
    cart.n = 2
    await session.save()
    cart.n = 3
  })
  t.same(found, { ...ALL, data: { ...ALL.data, cart: { n: 3 } } })
})

t.test('reload() drops what was not saved, and gives what is stored now', async (t) => {
  const app = await appOn(t, 'memory')
  const [read, goOn] = [gate(), gate()]
  app.get('/set/:lang', async (request) => {
    theirs(request)['lang'] = (request.params as { lang: string }).lang
  })
  app.get('/reload', async (request) => {
    const session = theirs(request)
    session.user = 'not saved'
    read.open()
    await goOn.opened
    const before = session['lang']
    await session.reload()
    return [before, session['lang'], session.user ?? null, session.changed]
  })
  const client = new Client(app)
  await client.get('/set/en')
  const reloading = client.copy().json('/reload')
  await read.opened
  await client.get('/set/fr')
  goOn.open()
  t.same(await reloading, ['en', 'fr', null, false])
})

t.test('what reload() gives can be changed and saved', async (t) => {
  const { found } = await afterwards(t, 'memory', async (session) => {
    await session.reload()
    session['lang'] = 'fr'
    session.items = []
  })
  t.same(found, { ...ALL, data: { ...ALL.data, items: [], lang: 'fr' } })
})

t.test('reload() of a session that was ended meanwhile is an empty one', async (t) => {
  const app = await appOn(t, 'memory')
  const [read, goOn] = [gate(), gate()]
  app.get('/set', async (request) => {
    theirs(request)['lang'] = 'en'
  })
  app.get('/out', async (request) => theirs(request).destroy())
  app.get('/reload', async (request) => {
    const session = theirs(request)
    read.open()
    await goOn.opened
    await session.reload()
    return [session.data(), request.session('login').problem]
  })
  const client = new Client(app)
  await client.get('/set')
  const reloading = client.copy().json('/reload')
  await read.opened
  await client.get('/out')
  goOn.open()
  t.same(await reloading, [{ items: [] }, 'gone'])
})

t.test('parallel requests that change different keys of other plugins both win', async (t) => {
  const app = await appOn(t, 'memory')
  const [read, goOn] = [gate(), gate()]
  app.get('/set/:key', async (request) => {
    const session = theirs(request)
    const { key } = request.params as { key: string }
    session[key] = { from: key }
    if (key !== 'slow') return
    const held = session['shared'] as Record<string, unknown>
    Reflect.deleteProperty(session, 'gone')
    read.open()
    await goOn.opened
    held['slow'] = true
  })
  app.get('/', async (request) => theirs(request).data())
  const client = new Client(app)
  await client.get('/set/shared')
  await client.get('/set/gone')
  const slow = client.copy().get('/set/slow')
  await read.opened
  await client.get('/set/quick')
  goOn.open()
  t.equal((await slow).statusCode, 200)
  t.same(await client.json('/'), {
    items: [],
    shared: { from: 'shared', slow: true },
    slow: { from: 'slow' },
    quick: { from: 'quick' }
  })
})

t.test('of parallel requests that set one key the later wins', async (t) => {
  const app = await appOn(t, 'memory')
  const [read, goOn] = [gate(), gate()]
  app.get('/set/:value', async (request) => {
    const { value } = request.params as { value: string }
    theirs(request)['lang'] = `not ${value}`
    theirs(request)['lang'] = value
    if (value !== 'slow') return
    read.open()
    await goOn.opened
  })
  app.get('/begin', async (request) => {
    theirs(request).user = 'ada'
  })
  app.get('/', async (request) => theirs(request)['lang'])
  const client = new Client(app)
  await client.get('/begin')
  const slow = client.copy().get('/set/slow')
  await read.opened
  await client.get('/set/quick')
  goOn.open()
  await slow
  t.equal((await client.get('/')).body, 'slow')
})

t.test('a value that the schema refuses, or JSON, is refused at once', async (t) => {
  const app = await appOn(t, 'memory')
  const attempts: Record<string, (session: Theirs) => unknown> = {
    schema: (session) => Object.assign(session, { user: 1 }),
    function: (session) => session.set('job', () => {}),
    bigint: (session) => Object.assign(session, { n: 1n }),
    symbol: (session) => Reflect.set(session, Symbol('s'), 1),
    prototype: (session) => Reflect.set(session, '__proto__', {}),
    defined: (session) => Object.defineProperty(session, 'user', { value: 2, configurable: true }),
    cycle: (session) => {
      const ring: Record<string, unknown> = {}
      session['ring'] = ring
      ring['ring'] = ring
    }
  }
  app.get('/:attempt', async (request) => attempts[(request.params as { attempt: string }).attempt]?.(theirs(request)))
  const client = new Client(app)
  const refused = async (attempt: string) => (await client.json(`/${attempt}`)) as { code: string; message: string }
  for (const [attempt, message] of [
    ['schema', /^session "login": user: /],
    ['function', /^session "login": job: JSON can not hold this value/],
    ['bigint', /^session "login": n: JSON can not hold this value/],
    ['symbol', /^session "login": Symbol\(s\): keys are strings, got symbol/],
    ['prototype', /^session "login": __proto__: not a key of a session/],
    ['defined', /^session "login": user: /]
  ] as const) {
    t.match(await refused(attempt), { code: 'FST_SESSIONS_INVALID_VALUE', message }, attempt)
  }
  t.match(await refused('cycle'), {
    code: 'FST_SESSIONS_SAVE',
    message: /^could not save session "login": ring: JSON can not hold this value/
  })
})

t.test('what other plugins keep counts towards the sizes of a session', async (t) => {
  const app = await appOn(t, 'memory', {
    sessions: { login: { store: 'memory', schema, maxBytes: 300 }, small: { schema } }
  })
  const cookies = await appOn(t, 'cookie')
  for (const each of [app, cookies]) {
    each.get('/:length', async (request) => {
      theirs(request)['text'] = 'x'.repeat(Number((request.params as { length: string }).length))
    })
  }
  t.equal((await app.inject('/100')).statusCode, 200)
  t.match((await app.inject('/300')).json(), { message: /more than its maxBytes of 300/ })
  t.equal((await cookies.inject('/2000')).statusCode, 200)
  t.match((await cookies.inject('/5000')).json(), { message: /browsers drop more than 4096/ })
})

t.test('what other plugins keep survives a migration of the schema', async (t) => {
  const store = memoryStore()
  const before = await appOn(t, 'memory', { stores: { memory: store } })
  before.get('/', async (request) => {
    Object.assign(theirs(request), { user: 'ada', lang: 'en' })
  })
  const renamed = z.strictObject({ name: z.string() })
  const up = (old: unknown) => ({ name: (old as { user: string }).user })
  const login = { store: 'memory', schema: renamed, version: 2, migrate: { 1: up } }
  const after = await appOn(t, 'memory', { stores: { memory: store }, sessions: { login } as never })
  after.get('/', async (request) => theirs(request).data())
  after.get('/rename', async (request) => void request.session('login').set('name', 'bob'))
  const client = new Client(before)
  await client.get('/')
  const newer = client.copy(after)
  t.same(await newer.json('/'), { name: 'ada', lang: 'en' })
  await newer.get('/rename')
  t.same(await newer.json('/'), { name: 'bob', lang: 'en' })
})

t.test('a process without a default keeps what other plugins put into the session, whatever it saves', async (t) => {
  const store = memoryStore()
  const app = await appOn(t, 'memory', { stores: { memory: store } })
  app.get('/set', async (request) => {
    Object.assign(theirs(request), { user: 'ada', lang: 'en' })
  })
  app.get('/get', async (request) => theirs(request).data())
  const flash = z.object({ notice: z.string() })
  const other = await appOn(t, 'memory', {
    stores: { memory: store },
    default: undefined as never,
    sessions: { login: { store: 'memory', schema, flash } } as never
  })
  other.get('/change', async (request) => {
    const session = request.session('login').set('items', ['tea']).flash('notice', 'hello').regenerate()
    return [session.peek(), session.data]
  })
  other.get('/take', async (request) => request.session('login').flashes())
  const client = new Client(app)
  await client.get('/set')
  const there = client.copy(other)
  t.same(await there.json('/change'), [{ notice: ['hello'] }, { user: 'ada', items: ['tea'] }])
  t.same(await there.json('/take'), { notice: ['hello'] })
  t.same(await there.copy(app).json('/get'), { user: 'ada', items: ['tea'], lang: 'en' })
})

t.test('options() takes what @fastify/cookie takes, and leaves out what a cookie does not have', async (t) => {
  const app = await appOn(t, 'memory')
  app.get('/', async (request) => {
    const session = theirs(request)
    session.options({ maxAge: 3600, sameSite: true, httpOnly: false, signed: true, userInfo: 'ada', domain: undefined })
    session.options({ sameSite: false, priority: 'high' })
    session.user = 'ada'
  })
  app.get('/expires', async (request) => {
    theirs(request).options({ expires: new Date(Date.now() + 60_000) })
  })
  const client = new Client(app)
  const { cookies } = await client.get('/')
  t.hasStrict(cookies, [{ maxAge: 3600, sameSite: 'Strict', priority: 'High' }])
  t.equal(cookies[0]?.httpOnly, undefined)
  const renewed = (await client.get('/expires')).cookies[0]
  t.match(renewed, { maxAge: Number, httpOnly: true, sameSite: 'Lax' })
  t.ok(Number(renewed?.maxAge) >= 59 && Number(renewed?.maxAge) <= 60)
})

t.test('session.cookie, which there is not, says what to write instead', async (t) => {
  const { body } = await afterwards(t, 'memory', (session) => {
    const { cookie } = session as unknown as { cookie: { maxAge: number } }
    cookie.maxAge = 1
  })
  t.match(JSON.parse(body), { code: 'FST_SESSIONS_UNSUPPORTED', message: /options\(\{ maxAge: seconds \}\)/ })
})

t.test('members say what they say there', async (t) => {
  const { body } = await afterwards(t, 'memory', (session, request) => {
    const before = session.changed
    session.touch()
    session.changed = true
    const touched = session.changed
    session['lang'] = 'en'
    const same = session.changed
    session['lang'] = 'fr'
    const changed = session.changed
    const isId = session.sessionId === request.session('login').id
    const deleted = [session.deleted]
    session.delete()
    return { before, touched, same, changed, isId, deleted: [...deleted, session.deleted] }
  })
  t.same(JSON.parse(body), {
    before: false,
    touched: false,
    same: false,
    changed: true,
    isId: true,
    deleted: [false, true]
  })
})

t.test('the object is one of its own, whichever way one comes by it', async (t) => {
  const { body } = await afterwards(t, 'memory', (session, request) => {
    const decorator = request.getDecorator<Theirs>('session')
    const bound = (session as unknown as () => void).bind(null) as unknown as Theirs
    const called = (request.session as unknown as (name: string) => unknown).call(null, 'login')
    return {
      same: [request.session === (session as unknown), decorator === session, bound === session],
      called: called === request.session('login'),
      own: [Object.hasOwn(session, 'lang'), Object.hasOwn(session, 'name'), String(session.hasOwnProperty)],
      spread: { ...session },
      json: JSON.stringify({ session }),
      shown: inspect(session),
      frozen: Reflect.preventExtensions(session),
      symbol: Symbol.iterator in session
    }
  })
  t.same(JSON.parse(body), {
    same: [true, true, true],
    called: true,
    own: [true, false, String(Object.prototype.hasOwnProperty)],
    spread: ALL.data,
    json: '{}',
    shown: 'request.session, of which the default is "login"',
    frozen: false,
    symbol: false
  })
})

t.test('a request that never uses it reads no session, and its response has no Vary', async (t) => {
  const app = await appOn(t, 'memory')
  app.get('/', async (request) => typeof request.session)
  const { body, headers } = await app.inject('/')
  t.same([body, headers.vary], ['function', undefined])
})

t.test('with a schema that does not name its keys, values that the session holds are its own', async (t) => {
  const app = await appOn(t, 'memory', {
    sessions: { login: { store: 'memory', schema: z.record(z.string(), z.string()) } } as never
  })
  app.get('/', async (request) => {
    const session = theirs(request)
    request.session('login').set('user', 'ada')
    session['user'] = 'bob'
    session['lang'] = { code: 'en' }
    return [request.session('login').data, session.data()]
  })
  t.same(await new Client(app).json('/'), [{ user: 'bob' }, { user: 'bob', lang: { code: 'en' } }])
})

t.test('a default that there is not is refused at start, and a flash kind without a name', async (t) => {
  const app = await appOn(t, 'memory', { default: 'logon' as never })
  await t.rejects(async () => app.ready(), {
    code: 'FST_SESSIONS_CONFIG',
    message: 'default: no session "logon"; there are login, prefs'
  })
  await t.rejects(appOn(t, 'memory', { sessions: { login: { schema, flash: { '': z.string() } } } as never }), {
    message: 'session "login": flash: a kind needs a name'
  })
})
