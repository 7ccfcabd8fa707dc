import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import fastifyCookie from '@fastify/cookie'
import Fastify, { type FastifyRequest } from 'fastify'
import t from 'tap'
import { z } from 'zod'
import sessions, {
  defineSession,
  memoryStore,
  type RecordStore,
  SaveError,
  type Schema,
  type Session
} from '../lib/index.js'
import { buildApp, Client, KEY, until } from './client.js'
import { exactly } from './exactly.js'

const schema = z.object({ n: z.number().default(0) })

/** A memory store whose methods fail while `broken` is set, and that counts its round trips. */
function fragile() {
  const engine: RecordStore = memoryStore()
  const store = { ...engine }
  const state = { broken: false, trips: [] as string[] }
  for (const method of ['read', 'create', 'update', 'touch', 'remove', 'readMany', 'saveMany'] as const) {
    const original = engine[method] as (...args: unknown[]) => Promise<unknown>
    Object.assign(store, {
      [method]: async (...args: unknown[]) => {
        if (state.broken) throw new Error('connection refused')
        state.trips.push(method)
        return original.apply(engine, args)
      }
    })
  }
  return { store, state }
}

async function counters(t: Parameters<typeof buildApp>[0], definition: object = {}, log?: object[]) {
  const { store, state } = fragile()
  const names = ['a', 'b', 'c', 'd']
  const app = await buildApp(
    t,
    {
      stores: { fragile: store },
      sessions: Object.fromEntries(names.map((name) => [name, { store: 'fragile', schema, ...definition }]))
    },
    log
  )
  app.get('/count', async (request) => names.map((name) => request.session(name).update('n', (n) => (n as number) + 1)))
  app.get('/read', async (request) => names.map((name) => request.session(name).get('n')))
  app.get('/none', async () => 'nothing')
  return { app, state, client: new Client(app) }
}

t.test('four sessions of one store cost one round trip to read and one to save', async (t) => {
  const { client, state } = await counters(t)
  await client.get('/count')
  t.same(state.trips, ['saveMany'])
  state.trips.length = 0
  t.same(await client.json('/read'), [1, 1, 1, 1])
  t.same(state.trips, ['readMany'])
  state.trips.length = 0
  await client.get('/count')
  t.same(state.trips, ['readMany', 'saveMany'])
})

t.test('a route reads only the sessions that it names, and others by hand', async (t) => {
  const { app, client, state } = await counters(t)
  app.get('/only', { config: { sessions: ['a'] } }, async (request) => {
    const read = [...state.trips]
    const refused = t.throws(() => request.session('b').get('n'), {
      code: 'FST_SESSIONS_NOT_LOADED',
      message: exactly('session "b" is loaded by hand on this route: await request.session("b").load() first')
    })
    await request.session('b').load()
    await request.session('b').load()
    return [read, refused !== false, request.session('a').get('n'), request.session('b').get('n')]
  })
  app.get('/no', { config: { sessions: false } }, async () => state.trips.length)
  await client.get('/count')
  state.trips.length = 0
  t.same(await client.json('/only'), [['read'], true, 1, 1])
  t.same(state.trips, ['read', 'read'])
  state.trips.length = 0
  t.equal(await client.json('/no'), 0)
})

t.test('a route that is older than the plugin says what is to be read, too', async (t) => {
  const { store, state } = fragile()
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/no', { config: { sessions: false } as object }, async () => state.trips.length)
  await app.register(sessions, {
    keys: [KEY],
    stores: { fragile: store },
    sessions: { a: { store: 'fragile', schema } }
  })
  app.get('/set', async (request) => request.session('a').update('n', (n) => (n as number) + 1))
  const client = new Client(app)
  await client.get('/set')
  state.trips.length = 0
  t.equal(await client.json('/no'), 0)
  t.same(state.trips, [])
  await client.get('/set')
  t.same(state.trips, ['read', 'update'])
})

t.test('a session that is loaded by hand is read when it is asked for', async (t) => {
  const { app, client, state } = await counters(t, { load: 'manual' })
  app.get('/hand', async (request) => (await request.session('a').load()).update('n', (n) => (n as number) + 1))
  t.equal(await client.json('/hand'), 1)
  state.trips.length = 0
  await client.get('/none')
  t.same(state.trips, [])
  t.equal(await client.json('/hand'), 2)
  t.same(state.trips, ['read', 'update'])
})

t.test('a response that sets a cookie is not cached, and one that looked at a session varies by cookie', async (t) => {
  const { app, client } = await counters(t)
  app.get('/has', async (request) => request.session('a').has('n'))
  app.get('/own', async (request, reply) => {
    request.session('a').set('n', 5)
    reply.header('cache-control', 'private, max-age=5').header('vary', 'Accept')
    return ''
  })
  app.get('/star', async (request, reply) => {
    reply.header('vary', '*')
    return request.session('a').has('n')
  })
  t.hasStrict((await client.get('/has')).headers, { vary: 'Cookie' })
  t.hasStrict((await client.get('/count')).headers, { vary: 'Cookie', 'cache-control': 'no-store' })
  t.match((await new Client(app).get('/own')).headers, {
    'set-cookie': /./,
    vary: 'Accept, Cookie',
    'cache-control': 'private, max-age=5'
  })
  t.hasStrict((await client.get('/star')).headers, { vary: '*' })
  const none = await client.get('/none')
  t.notOk(none.headers.vary)
  t.notOk(none.headers['cache-control'])
})

t.test('a response of 500 or more saves nothing, unless asked', async (t) => {
  for (const saveOnError of [false, true]) {
    const { app, client } = await counters(t, { saveOnError })
    app.get('/fail', async (request) => {
      request.session('a').set('n', 9)
      throw new Error('oops')
    })
    app.get('/teapot', async (request, reply) => {
      request.session('b').set('n', 8)
      return reply.code(418).send('')
    })
    t.equal((await client.get('/fail')).statusCode, 500)
    await client.get('/teapot')
    t.same(await client.json('/read'), [saveOnError ? 9 : 0, 8, 0, 0])
  }
})

t.test('a failed save is one error that names each session, and sets no cookie', async (t) => {
  const { app, client, state } = await counters(t)
  let errors = 0
  let thrown: Error | undefined
  app.setErrorHandler((error: Error, _request, reply) => {
    errors++
    thrown = error
    return reply.code(503).send({ message: error.message })
  })
  state.broken = true
  const response = await client.get('/count')
  t.equal(response.statusCode, 503)
  t.equal(errors, 1)
  t.ok(thrown instanceof SaveError)
  t.same([...(thrown as SaveError).errors.keys()], ['a', 'b', 'c', 'd'])
  const reasons = ['a', 'b', 'c', 'd'].map((name) => `"${name}": its store failed`).join('; ')
  t.equal(thrown?.message, `could not save 4 sessions ${reasons}`)
  t.match(thrown?.cause, { message: exactly('connection refused') })
  t.notOk(response.headers['set-cookie'])
  state.broken = false
  t.same(await client.json('/count'), [1, 1, 1, 1])
})

t.test('the answer to a failed save does not save what failed, even if it could, and errors are saved', async (t) => {
  for (const saveOnError of [false, true]) {
    for (const statusCode of [200, 503]) {
      const { app, client, state } = await counters(t, { saveOnError })
      app.setErrorHandler((_error, _request, reply) => {
        state.broken = false
        return reply.code(statusCode).send('sorry')
      })
      state.broken = true
      const response = await client.get('/count')
      t.match(response, { statusCode, body: exactly('sorry') })
      t.same(state.trips, [])
      t.notOk(response.headers['set-cookie'])
    }
  }
})

t.test('by default a failed save is answered with 503', async (t) => {
  const { client, state } = await counters(t)
  state.broken = true
  t.hasStrict((await client.get('/count')).json(), { statusCode: 503, code: 'FST_SESSIONS_SAVE' })
})

t.test('a store that can not be read fails the routes that use it, and no others', async (t) => {
  const log: { err?: unknown; session?: string }[] = []
  const { app, client, state } = await counters(t, {}, log)
  app.get('/fallback', async (request) => {
    try {
      return request.session('a').get('n')
    } catch {
      return 'come back later'
    }
  })
  await client.get('/count')
  state.broken = true
  t.match((await client.get('/read')).json(), {
    statusCode: 503,
    code: 'FST_SESSIONS_STORE',
    message: exactly('session "a": its store failed: it could not be read')
  })
  t.hasStrict((await client.get('/fallback')).headers, { vary: 'Cookie' }, 'others may be shown something else')
  t.equal((await client.get('/none')).statusCode, 200)
  t.ok(log.some(({ session, err }) => session === 'a' && err))
  state.broken = false
  t.same(await client.json('/read'), [1, 1, 1, 1])
})

t.test("with onStoreError: 'empty' the request goes on with an empty session that is not saved", async (t) => {
  const { app, client, state } = await counters(t, { onStoreError: 'empty' })
  app.get('/problem', async (request) => request.session('a').problem)
  await client.get('/count')
  state.broken = true
  t.same(await client.json('/read'), [0, 0, 0, 0])
  t.equal((await client.get('/problem')).body, 'store')
  const response = await client.get('/count')
  t.equal(response.statusCode, 200)
  t.notOk(response.headers['set-cookie'])
  state.broken = false
  t.same(await client.json('/read'), [1, 1, 1, 1], 'what was stored is untouched')
})

t.test('saveSessions saves by hand, and later changes of the same request too', async (t) => {
  const { app, client, state } = await counters(t)
  app.get('/by-hand', async (request) => {
    request.session('a').set('n', 1)
    await request.saveSessions()
    const saved = [...state.trips]
    const { isDirty, isNew } = request.session('a')
    request.session('a').set('n', 2)
    return { saved, isDirty, isNew }
  })
  const response = await client.get('/by-hand')
  t.same(response.json(), { saved: ['create'], isDirty: false, isNew: false })
  t.same(state.trips, ['create', 'update'])
  t.equal([response.headers['set-cookie']].flat().length, 1)
  t.same(await client.json('/read'), [2, 0, 0, 0])
})

t.test('a cookie that is set twice in one response stands there once, beside those of the app', async (t) => {
  const app = await buildApp(t, { sessions: { prefs: { schema } } })
  await app.register(fastifyCookie)
  app.get('/', async (request, reply) => {
    reply.setCookie('mine', 'x')
    request.session('prefs').set('n', 1)
    await request.session('prefs').save()
    request.session('prefs').set('n', 2)
    return ''
  })
  app.get('/read', async (request) => request.session('prefs').get('n'))
  const client = new Client(app)
  const response = await client.get('/')
  t.same(response.cookies.map(({ name }) => name).sort(), ['__Host-prefs', 'mine'])
  t.equal(await client.json('/read'), 2)
})

t.test('an error of another hook after the save keeps the cookie, and saves nothing twice', async (t) => {
  const { app, client, state } = await counters(t)
  let throws = true
  app.addHook('onSend', async () => {
    if (!throws) return
    throws = false
    throw new Error('a later hook')
  })
  t.equal((await client.get('/count')).statusCode, 500)
  t.same(state.trips, ['saveMany'])
  t.same(await client.json('/read'), [1, 1, 1, 1])
})

t.test('a stream is answered with the session saved before its first byte', async (t) => {
  const { app, client } = await counters(t)
  app.get('/stream', async (request, reply) => {
    request.session('a').set('n', 3)
    return reply.send(Readable.from(['one', 'two']))
  })
  t.equal((await client.get('/stream')).body, 'onetwo')
  t.same(await client.json('/read'), [3, 0, 0, 0])
})

t.test('a reply that is hijacked before or after a save sets each cookie once, and is not cached', async (t) => {
  const app = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: { kept: { store: 'memory', schema }, sealed: { schema } }
  })
  const save = async (request: FastifyRequest) => {
    for (const name of ['kept', 'sealed']) request.session(name).update('n', (n) => (n as number) + 1)
    await request.saveSessions()
  }
  app.get('/before', async (request, reply) => {
    reply.hijack()
    await save(request)
    await save(request)
    reply.raw.end()
  })
  app.get('/after', async (request, reply) => {
    await save(request)
    reply.hijack()
    reply.raw.end()
  })
  app.get('/between', async (request, reply) => {
    await save(request)
    reply.hijack()
    await save(request)
    reply.raw.end()
  })
  app.get('/never', async (request, reply) => {
    await save(request)
    await save(request)
    reply.header('cache-control', 'private')
  })
  app.get('/get', async (request) => ['kept', 'sealed'].map((name) => request.session(name).get('n')))
  for (const [url, n] of [
    ['/before', 2],
    ['/after', 1],
    ['/between', 2],
    ['/never', 2]
  ] as const) {
    const client = new Client(app)
    const response = await client.get(url)
    t.same(response.cookies.map(({ name }) => name).sort(), ['__Host-kept', '__Host-sealed'], url)
    t.equal(response.headers['cache-control'], url === '/never' ? 'private' : 'no-store', url)
    t.same(await client.json('/get'), [n, n], url)
  }
})

t.test('a hijacked reply saves by hand before its headers, and is told when it is too late', async (t) => {
  const { app, client } = await counters(t)
  let late: unknown
  app.get('/hijack', async (request, reply) => {
    reply.hijack()
    request.session('a').set('n', 4)
    await request.session('a').save()
    reply.raw.write('first')
    request.session('a').set('n', 5)
    await request.session('a').save()
    request.session('b').set('n', 6)
    late = await request
      .session('b')
      .save()
      .catch((error: unknown) => error)
    reply.raw.end()
  })
  await client.get('/hijack')
  t.match(late, { code: 'FST_SESSIONS_SAVE', message: /"b": .*headers are already sent/ })
  t.same(await client.json('/read'), [5, 0, 0, 0])
})

t.test(
  'a cookie that was saved by hand reaches the browser once, whether or not the reply is hijacked after it',
  async (t) => {
    const { app } = await counters(t)
    app.get('/:way', async (request, reply) => {
      const { way } = request.params as { way: string }
      reply.header('set-cookie', 'other=1')
      await request.session('a').set('n', 1).save()
      request.session('b').set('n', 2)
      await request.saveSessions()
      if (way === 'sent') return 'ok'
      reply.hijack()
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream' })
      return reply.raw.end('data: 1')
    })
    for (const way of ['sent', 'hijacked']) {
      const { cookies, headers } = await new Client(app).get(`/${way}`)
      t.same(
        cookies.map(({ name }) => name),
        ['other', '__Host-a', '__Host-b'],
        way
      )
      t.equal(headers['cache-control'], 'no-store')
    }
    const address = await app.listen({ port: 0 })
    for (const way of ['sent', 'hijacked']) {
      t.equal((await fetch(`${address}/${way}`)).headers.getSetCookie().length, 3, way)
    }
  }
)

t.test('a WebSocket handshake can change a session that exists, and is told that it can begin none', async (t) => {
  const { app, client } = await counters(t)
  const results: unknown[] = []
  app.get('/ws', async (request, reply) => {
    reply.hijack()
    request.session('a').update('n', (n) => (n as number) + 1)
    results.push(
      await request
        .session('a')
        .save()
        .catch((error: Error) => error.message)
    )
    reply.raw.destroy()
  })
  await client.get('/count')
  const headers = { connection: 'upgrade', upgrade: 'websocket' }
  await client.get('/ws', { headers }).catch(() => undefined)
  await new Client(app).get('/ws', { headers }).catch(() => undefined)
  await until(() => results.length === 2)
  t.equal(results[0], undefined)
  t.match(results[1], /headers are already sent/)
  t.same(await client.json('/read'), [2, 1, 1, 1])
})

t.test('a client that goes away does not keep its session from being saved', async (t) => {
  const { app, client } = await counters(t)
  let reached = false
  let saved = false
  app.get('/slow', async (request) => {
    reached = true
    await once(request.raw.socket, 'close')
    request.session('a').set('n', 7)
    return ''
  })
  app.addHook('onSend', async () => {
    saved = reached
  })
  await client.get('/count')
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  socket.write(`GET /slow HTTP/1.1\r\nhost: x\r\ncookie: ${client.cookie}\r\n\r\n`)
  await until(() => reached)
  socket.destroy()
  await until(() => saved)
  t.same(await client.json('/read'), [7, 1, 1, 1])
})

t.test('a plugin brings a session and a store of its own, until the app is ready', async (t) => {
  const app = await buildApp(t, {})
  const wizard = defineSession({ store: 'own', schema: z.object({ step: z.number().default(1) }) })
  await app.register(async (scope) => {
    scope.sessions.addStore('own', memoryStore())
    scope.sessions.define('wizard', wizard)
    scope.get('/step', async (request) => request.session(wizard).update('step', (step) => step + 1))
    scope.get('/name', async (request) => request.session('wizard').get('step'))
    scope.get('/unknown', async (request) => request.session('crat'))
    scope.get('/stranger', async (request) => request.session(defineSession({ schema })))
  })
  const client = new Client(app)
  t.equal(await client.json('/step'), 2)
  t.equal(await client.json('/name'), 2)
  t.match(await client.json('/unknown'), {
    code: 'FST_SESSIONS_UNKNOWN',
    message: exactly('no session "crat": the app defines wizard')
  })
  t.hasStrict(await client.json('/stranger'), { code: 'FST_SESSIONS_UNKNOWN' })
  t.throws(() => app.sessions.define('late', wizard), { code: 'FST_SESSIONS_CONFIG', message: /too late/ })
  t.throws(() => app.sessions.addStore('late', memoryStore()), { code: 'FST_SESSIONS_CONFIG' })
})

t.test('the same session object is had at each call, in hooks and in handlers', async (t) => {
  const app = await buildApp(t, { sessions: { prefs: { schema } } })
  let early: unknown
  app.addHook('preHandler', async (request) => {
    early = request.session('prefs')
  })
  app.get('/', async (request) => early === request.session('prefs'))
  t.equal((await new Client(app).get('/')).body, 'true')
})

t.test('a second registration, or another session plugin, is refused at start', async (t) => {
  const app = await buildApp(t, {})
  await t.rejects(async () => app.register(sessions, { keys: [KEY], sessions: {} }), { message: /registered already/ })
  const other = Fastify()
  other.decorateRequest('session', null as never)
  await t.rejects(async () => other.register(sessions, { keys: [KEY], sessions: {} }), { message: /taken by another/ })
})

t.test('secure: auto follows the protocol that the proxy tells', async (t) => {
  const app = Fastify({ trustProxy: true })
  t.teardown(() => app.close())
  await app.register(sessions, { keys: [KEY], sessions: { prefs: { schema, cookie: { secure: 'auto' } } } })
  app.get('/', async (request) => request.session('prefs').set('n', 1).isDirty)
  const http = await app.inject('/')
  t.match(http.headers['set-cookie'], /^prefs=[^;]+; Path=\/; HttpOnly; SameSite=Lax$/)
  const https = await app.inject({ url: '/', headers: { 'x-forwarded-proto': 'https' } })
  t.match(https.headers['set-cookie'], /^prefs=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
})

t.test('attributes can be changed for one response, and not against the rules of the name', async (t) => {
  const app = await buildApp(t, { sessions: { prefs: { schema } } })
  app.get(
    '/',
    async (request) =>
      request.session('prefs').set('n', 1).cookie({ sameSite: 'none', partitioned: true, priority: 'high' }).isDirty
  )
  app.get('/wrong', async (request) => request.session('prefs').cookie({ path: '/shop' }))
  const client = new Client(app)
  t.match(
    (await client.get('/')).headers['set-cookie'],
    /; Path=\/; HttpOnly; Secure; Partitioned; Priority=High; SameSite=None$/
  )
  t.match(await client.json('/wrong'), { code: 'FST_SESSIONS_CONFIG', message: /__Host-prefs/ })
})

t.test('a cookie that browsers would drop is an error that gives the bytes', async (t) => {
  const app = await buildApp(t, {
    sessions: {
      prefs: { schema: z.object({ text: z.string() }) },
      big: { schema: z.object({ text: z.string() }), chunks: 3 }
    }
  })
  app.get('/:name/:length', async (request) => {
    const { name, length } = request.params as { name: string; length: string }
    return request.session(name).set('text', 'x'.repeat(Number(length))).isDirty
  })
  app.get('/read', async (request) => String(request.session('big').get('text')).length)
  const client = new Client(app)
  t.match((await client.get('/prefs/4000')).json(), {
    code: 'FST_SESSIONS_SAVE',
    message:
      /its cookie has \d{4} bytes of name and value, browsers drop more than 4096: allow more cookies with chunks: 2/
  })
  t.match((await client.get('/prefs/8000')).json(), { message: /with chunks: 3, keep less/ })
  t.match((await client.get('/prefs/20000')).json(), { message: /drop more than 4096: keep less/ })
  t.equal((await client.get('/big/8000')).cookies.length, 3)
  t.equal((await client.get('/read')).body, '8000')
  const smaller = await client.get('/big/10')
  t.same(
    smaller.cookies.map(({ name, maxAge }) => [name, maxAge]),
    [
      ['__Host-big', undefined],
      ['__Host-big.1', 0],
      ['__Host-big.2', 0]
    ]
  )
  t.equal((await client.get('/read')).body, '10')
  t.match((await client.get('/big/12000')).json(), { message: /browsers drop more than 4096 in each of 3/ })
})

t.test('a value is checked when it is set, with session, key and path in the error', async (t) => {
  const app = await buildApp(t, {
    sessions: {
      cart: {
        schema: z.object({ items: z.array(z.object({ qty: z.number().int() })).default([]) }),
        flash: { notice: z.string() }
      }
    }
  })
  const attempts: Record<
    string,
    (session: Session<Schema<Record<string, unknown>>, Schema<Record<string, unknown>>>) => unknown
  > = {
    nested: (session) => session.set('items', [{ qty: '2' }]),
    unknown: (session) => session.set('crat', 1),
    prototype: (session) => session.set('__proto__', { polluted: true }),
    inherited: (session) => session.set('constructor', 1),
    flash: (session) => session.flash('notice', 5),
    kind: (session) => session.flash('notic', 'x')
  }
  app.get('/:attempt', async (request) =>
    attempts[(request.params as { attempt: string }).attempt]?.(request.session('cart'))
  )
  app.get('/get', async (request) => {
    const cart = request.session('cart')
    for (const read of [() => cart.get('constructor'), () => cart.has('toString'), () => cart.get('__proto__')]) {
      t.throws(read, { code: 'FST_SESSIONS_INVALID_VALUE', message: /the schema has no such key; it has items$/ })
    }
    return Object.keys(cart.data)
  })
  const client = new Client(app)
  const messages = {
    nested: /^session "cart": items\[0\]\.qty: .*expected number/,
    unknown: /^session "cart": crat: the schema has no such key; it has items$/,
    prototype: /__proto__: not a key/,
    inherited: /constructor: the schema has no such key/,
    flash: /^session "cart": flash "notice": .*expected string/,
    kind: /^session "cart": no flash kind "notic"; it has notice$/
  }
  for (const [name, message] of Object.entries(messages)) {
    t.match(await client.json(`/${name}`), { code: 'FST_SESSIONS_INVALID_VALUE', message }, name)
  }
  t.equal(({} as { polluted?: boolean }).polluted, undefined)
  t.same(await client.json('/get'), ['items'])
})

t.test('a cookie that does not open gives an empty session and says why', async (t) => {
  const app = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: { a: { store: 'memory', schema }, b: { schema } }
  })
  app.get('/set', async (request) => ['a', 'b'].map((name) => request.session(name).set('n', 1).isDirty))
  app.get('/get', async (request) =>
    ['a', 'b'].map((name) => [request.session(name).get('n'), request.session(name).problem ?? null])
  )
  app.get('/dismiss', async (request) => {
    request.session('a').destroy()
    request.session('b').destroy()
  })
  const client = new Client(app)
  await client.get('/set')
  const [a, b] = ['__Host-a', '__Host-b'].map((name) => client.jar.get(name) as string) as [string, string]
  const see = async (first: string, second: string) =>
    new Client(app, [
      ['__Host-a', first],
      ['__Host-b', second]
    ]).json('/get')
  t.same(await see(a, b), [
    [1, null],
    [1, null]
  ])
  t.same(await see('nonsense', 'x'.repeat(20_000)), [
    [0, 'malformed'],
    [0, 'too-large']
  ])
  t.same(
    await see(b, a),
    [
      [0, 'bad-seal'],
      [0, 'bad-seal']
    ],
    'one session is never taken for another'
  )
  const flip = (value: string) => `${value.slice(0, -5)}${value.at(-5) === 'A' ? 'B' : 'A'}${value.slice(-4)}`
  t.same(await see(flip(a), flip(b)), [
    [0, 'bad-seal'],
    [0, 'bad-seal']
  ])
  const broken = new Client(app, [
    ['__Host-a', flip(a)],
    ['__Host-b', 'nonsense']
  ])
  t.notOk((await broken.get('/get')).headers['set-cookie'], 'a request in flight must not clear a newer cookie')
  await broken.get('/dismiss')
  t.equal(broken.jar.size, 0, 'destroy() makes the browser forget it')
  t.notOk((await new Client(app).get('/dismiss')).headers['set-cookie'])
})

t.test('the package loads by require() too', async (t) => {
  const required = createRequire(import.meta.url)('../lib/index.js') as { default: unknown; cookieStore: unknown }
  t.type(required.cookieStore, 'function')
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(required as never, { keys: [KEY], sessions: { prefs: { schema } } })
  await app.ready()
  t.ok(app.hasRequestDecorator('session'))
})
