import { Redis } from 'ioredis'
import { createClient } from 'redis'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { conformanceCases } from '../../lib/conformance/index.js'
import { memoryStore, type RecordStore } from '../../lib/index.js'
import { goSecureCookie } from '../../lib/seals/go-securecookie.js'
import { type GoRedistoreOptions, goRedistore } from '../../lib/stores/redistore.js'
import { buildApp, Client, gate } from '../client.js'
import { type Ask, type Asked, lackOfGo, startGorilla } from '../servers/gorilla.js'
import { deadPort } from '../servers/process.js'
import { startRedis } from '../servers/redis.js'

const server = await startRedis()
t.teardown(() => server.stop())
const address = `${server.host}:${server.port}`
const key = (byte: number) => Buffer.alloc(32, byte)
const PAIRS = [key(1), key(2)]
const pairs = PAIRS.map((each) => each.toString('hex'))
const skip = (await lackOfGo()) ?? false
const SERIALIZERS = ['json', 'gob'] as const

interface Opened {
  readonly client: GoRedistoreOptions['client']
  close(): void
}

const drivers = {
  ioredis: (port: number, keyPrefix = ''): Opened => {
    const client = new Redis(port, server.host, { keyPrefix, retryStrategy: () => 100 })
    client.on('error', () => {})
    return { client, close: () => client.disconnect() }
  },
  'node-redis': (port: number): Opened => {
    const client = createClient({ socket: { host: server.host, port, reconnectStrategy: 100 } })
    client.on('error', () => {})
    client.connect().catch(() => {})
    return { client, close: () => client.destroy() }
  }
} as const

for (const [name, serializer] of [
  ['ioredis', 'gob'],
  ['node-redis', 'json']
] as const) {
  t.test(`the contract, kept through ${name} as ${serializer}`, async (t) => {
    const opened = new Map<RecordStore, Opened>()
    const make = (port: number, options: Partial<GoRedistoreOptions>) => {
      const one = drivers[name](port)
      const store = goRedistore({ client: one.client, serializer, ...options })
      opened.set(store, one)
      return store
    }
    const prefix = `${name}:${serializer}:`
    const cases = conformanceCases({
      open: () => make(server.port, { prefix }),
      close: (store) => opened.get(store)?.close(),
      neighbour: () => make(server.port, { prefix: prefix.slice(0, -1) }),
      unreachable: () => make(deadPort, { timeout: 300 }),
      lacks: ['list', 'sweep']
    })
    for (const { name, skipped, run } of cases) await t.test(name, { skip: skipped ?? false }, run)
  })
}

const schema = z.object({
  user: z.string().default(''),
  visits: z.number().default(0),
  price: z.number().default(0),
  list: z.array(z.unknown()).default([])
})

/** An app that shares its sessions with Go, and a browser, with nothing in Redis. */
async function shared(
  t: Test,
  options: Partial<GoRedistoreOptions>,
  name: keyof typeof drivers = 'ioredis',
  keyPrefix?: string
) {
  await server.admin('FLUSHALL')
  const { client, close } = drivers[name](server.port, keyPrefix)
  t.teardown(close)
  const app = await buildApp(t, {
    stores: { go: goRedistore({ client: client, ...options }) },
    sessions: {
      shop: {
        store: 'go',
        schema,
        flash: z.object({ _flash: z.string(), notice: z.string() }),
        cookie: { name: 'shop', secure: false, maxAge: 14 * 24 * 60 * 60 },
        seal: goSecureCookie({ pairs: PAIRS }),
        grace: 0
      }
    }
  })
  const session = (request: object) => (request as { session(name: string): never }).session('shop') as Session
  app.get('/data', async (request) => session(request).data)
  app.get('/problem', async (request) => JSON.stringify(session(request).problem ?? null))
  app.get('/flashes', async (request) => session(request).flashes())
  app.get('/set/:key', async (request) => {
    const { key } = request.params as { key: string }
    session(request).set(key, JSON.parse((request.query as { value: string }).value))
    return 'set'
  })
  app.get('/count', async (request) => {
    session(request).update('visits', (visits) => visits + 1)
    return 'counted'
  })
  app.get('/flash/:kind/:message', async (request) => {
    const { kind, message } = request.params as { kind: string; message: string }
    session(request).flash(kind, message)
    return 'added'
  })
  app.get('/sign-in/:user', async (request) => {
    const { user } = request.params as { user: string }
    session(request).regenerate().identify(user).set('user', user)
    return 'in'
  })
  app.get('/sign-out', async (request) => {
    session(request).destroy()
    return 'out'
  })
  return new Client(app)
}

interface Session {
  readonly data: object
  readonly problem: string | undefined
  flashes(): object
  set(key: string, value: unknown): Session
  update(key: string, change: (value: number) => number): void
  flash(kind: string, message: string): void
  regenerate(): Session
  identify(user: string): Session
  destroy(): void
}

/** The same session in Go: what it holds there before it is changed. */
function goSide(ask: Ask, client: Client, serializer: 'json' | 'gob') {
  return async (asked: Partial<Asked> = {}) => {
    const cookie = client.jar.get('shop')
    const answered = await ask({ do: 'session', redis: address, serializer, pairs, cookie, ...asked })
    if (asked.end) client.jar.delete('shop')
    else if (answered.cookie) client.jar.set('shop', answered.cookie)
    const { _fastify, ...values } = answered.values
    return { ...answered, values }
  }
}

t.test('a session that Go keeps in redistore', { skip }, async (t) => {
  const ask = await startGorilla(t)
  for (const serializer of SERIALIZERS) {
    for (const name of ['ioredis', 'node-redis'] as const) {
      t.test(`is read and changed by both, as ${serializer}, through ${name}`, async (t) => {
        const client = await shared(t, { serializer }, name)
        const go = goSide(ask, client, serializer)
        t.ok((await go({ set: { user: 'ada', visits: 1 } })).isNew)
        const id = client.jar.get('shop')
        t.hasStrict(await client.json('/data'), { user: 'ada', visits: 1 }, 'what Go began')
        await client.get('/count')
        await client.get('/set/list?value=["a",1,true,null]')
        t.equal(client.jar.get('shop'), id, 'under the same cookie')
        t.hasStrict(await go({ set: { user: 'bob', other: 'of Go alone' } }), {
          isNew: false,
          values: { user: 'ada', visits: 2, list: ['a', 1, true, null] }
        })
        await client.get('/count')
        t.hasStrict((await go()).values, { user: 'bob', visits: 3, other: 'of Go alone' })
        t.hasStrict(await client.json('/data'), { user: 'bob', visits: 3 })
      })
    }

    t.test(`may begin here, as ${serializer}`, async (t) => {
      const client = await shared(t, { serializer })
      const go = goSide(ask, client, serializer)
      await client.get('/set/user?value="ada"')
      t.hasStrict(await go({ set: { user: 'bob' } }), { isNew: false, values: { user: 'ada' } })
      t.hasStrict(await client.json('/data'), { user: 'bob' })
    })

    t.test(`holds flash messages for each other, as ${serializer}`, async (t) => {
      const client = await shared(t, { serializer })
      const go = goSide(ask, client, serializer)
      await client.get('/flash/_flash/one')
      await client.get('/flash/notice/ours')
      t.same((await go({ flashes: ['of Go'] })).flashes, null)
      t.same(await client.json('/flashes'), { _flash: ['one', 'of Go'], notice: ['ours'] })
      t.same(await client.json('/flashes'), {})
      await client.get('/flash/_flash/two')
      t.same((await go({ take: true })).flashes, ['two'])
      t.same(await client.json('/flashes'), {})
    })

    t.test(`that either signs out is signed out in both, as ${serializer}`, async (t) => {
      const client = await shared(t, { serializer })
      const go = goSide(ask, client, serializer)
      for (const signOut of [() => client.get('/sign-out'), () => go({ end: true })]) {
        await go({ set: { user: 'ada' } })
        const copy = client.copy()
        await signOut()
        t.notOk(client.jar.has('shop'))
        t.hasStrict(await copy.json('/data'), { user: '' })
        t.hasStrict(await goSide(ask, copy, serializer)({ do: 'look' }), { values: {} })
      }
    })

    t.test(`gets a new id by a sign-in here, with which the old one gives Go nothing, as ${serializer}`, async (t) => {
      const client = await shared(t, { serializer })
      await goSide(ask, client, serializer)({ set: { visits: 5 } })
      const old = client.copy()
      await client.get('/sign-in/ada')
      t.not(client.jar.get('shop'), old.jar.get('shop'))
      t.hasStrict((await goSide(ask, client, serializer)()).values, { user: 'ada', visits: 5 })
      t.same((await goSide(ask, old, serializer)({ do: 'look' })).values, {})
      t.hasStrict(await old.json('/data'), { user: '', visits: 0 })
      t.equal((await client.app.sessions.of('ada')).length, 1)
      await client.app.sessions.revoke('ada')
      t.same((await goSide(ask, client, serializer)({ do: 'look' })).values, {}, 'and a revocation ends it in both')
    })
  }

  t.test('is found also where the client puts a prefix of its own before each key', async (t) => {
    const client = await shared(t, { prefix: 'ion_' }, 'ioredis', 'sess')
    await goSide(ask, client, 'gob')({ set: { user: 'ada' } })
    await client.get('/count')
    t.hasStrict((await goSide(ask, client, 'gob')()).values, { user: 'ada', visits: 1 })
  })

  t.test('that Go began is listed and revoked once it was identified here, under its id of Go', async (t) => {
    const client = await shared(t, { serializer: 'json' })
    client.app.get('/identify', async (request) => {
      ;(request as unknown as { session(name: string): Session }).session('shop').identify('eve')
      return 'identified'
    })
    await goSide(ask, client, 'json')({ set: { user: 'eve' } })
    await client.get('/identify')
    t.match(await client.app.sessions.of('eve'), [{ name: 'shop', id: /^[A-Z2-7]{52}$/ }])
    await client.app.sessions.revoke('eve')
    t.hasStrict(await client.json('/data'), { user: '' })
  })

  t.test('keeps the types that numbers have in Go, or gets those that the app asks for', async (t) => {
    const client = await shared(t, { types: { price: 'float64', visits: 'int64' } })
    const go = goSide(ask, client, 'gob')
    await client.get('/set/price?value=2')
    await client.get('/count')
    t.hasStrict((await go({ set: { sumFloat: 3, theRole: 'admin', anIdBig: 1 } })).types, {
      price: 'float64',
      visits: 'int64'
    })
    await client.get('/count')
    const { types, texts } = await go()
    t.hasStrict(types, {
      price: 'float64',
      visits: 'int64',
      sumFloat: 'float64',
      theRole: 'main.role',
      anIdBig: 'int64'
    })
    t.hasStrict(texts, { price: '2', visits: '2', sumFloat: '3', anIdBig: '9007199254740993' })
  })

  t.test('with values of types that only Go knows is read and signed out here, and not saved', async (t) => {
    const client = await shared(t, {})
    const go = goSide(ask, client, 'gob')
    await go({ set: { user: 'ada', theProfile: true } })
    t.hasStrict(await client.json('/data'), { user: 'ada' })
    for (const url of ['/count', '/sign-in/bob']) {
      const { statusCode, body } = await client.get(url)
      t.equal(statusCode, 500)
      t.match(JSON.parse(body).message, /of types that only the Go app knows, which would be lost: nothing was saved/)
    }
    t.hasStrict((await go()).values, { user: 'ada', theProfile: { Name: 'Ada' } })
    await client.get('/sign-out')
    t.notOk(client.jar.has('shop'))
  })

  t.test('is never overwritten here by what was read before Go changed it', async (t) => {
    const client = await shared(t, { serializer: 'json' })
    const go = goSide(ask, client, 'json')
    const [reached, go_on] = [gate(), gate()]
    client.app.get('/slow', async (request) => {
      const session = (request as unknown as { session(name: string): Session }).session('shop')
      session.update('visits', (visits) => visits + 1)
      reached.open()
      await go_on.opened
      return 'counted'
    })
    await go({ set: { user: 'ada', visits: 1 } })
    const slow = client.get('/slow')
    await reached.opened
    await go({ set: { visits: 10, other: 'of Go' } })
    go_on.open()
    await slow
    t.hasStrict((await go()).values, { user: 'ada', visits: 11, other: 'of Go' })
  })

  t.test(
    'can be overwritten by Go with what that has read before, also after a sign-out: Go writes blindly',
    async (t) => {
      const client = await shared(t, { serializer: 'json' })
      const go = goSide(ask, client, 'json')
      await go({ set: { user: 'ada' } })
      const [stored] = (await server.admin('KEYS', 'session_*')) as string[]
      const before = await server.admin('GET', String(stored))
      const copy = client.copy()
      await client.get('/sign-out')
      await server.admin('SETEX', String(stored), 1000, String(before))
      t.hasStrict(await copy.json('/data'), { user: 'ada' }, 'as the documentation says')
    }
  )

  t.test('is renewed for Go as well, before Go would refuse its cookie', async (t) => {
    const client = await shared(t, {})
    await goSide(ask, client, 'gob')({ set: { user: 'ada' } })
    const [first] = [client.jar.get('shop')]
    t.hasStrict(await client.json('/data'), { user: 'ada' })
    t.equal(client.jar.get('shop'), first, 'not with each request')
    const { now } = Date
    t.teardown(() => Object.assign(Date, { now }))
    Date.now = () => now() + 2 * 60 * 60 * 1000
    t.hasStrict(await client.json('/data'), { user: 'ada' })
    t.not(client.jar.get('shop'), first, 'but when it is an hour old')
    t.match((await client.get('/data')).headers['set-cookie'], undefined)
  })

  t.test('that Go saved before all sessions were cleared is cleared', async (t) => {
    const client = await shared(t, {})
    await goSide(ask, client, 'gob')({ set: { user: 'ada' } })
    await client.app.ready()
    await client.app.sessions.clear()
    t.hasStrict(await client.json('/data'), { user: '' })
  })
})

t.test('a session that Go began is taken to have begun when Go saved it', async (t) => {
  const { client, close } = drivers.ioredis(server.port)
  t.teardown(close)
  const begunOf = async (maxAge: number) => {
    const stored = await goRedistore({ client, serializer: 'json', maxAge }).read('begun')
    return (JSON.parse(String(stored?.text)) as { readonly c: number }).c - Number(stored?.expires)
  }
  await server.admin('SETEX', 'session_begun', 1000, '{"user":"ada"}')
  t.equal(await begunOf(1000), -1_000_000)
  t.equal(await begunOf(3000), -3_000_000)
  t.ok(Math.abs((await begunOf(500)) + 1_000_000) < 5000, 'and never later than now')
})

t.test('a user of Redis with no more than the rights on the page can do all of it', async (t) => {
  const rights =
    '~session_* +get +set +del +pexpireat +pexpiretime +pttl +time +eval +evalsha +scan +select +ping +info'.split(' ')
  await server.admin('ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', ...rights)
  const client = new Redis(server.port, server.host, { username: 'app', password: 'secret' })
  t.teardown(() => client.disconnect())
  const store = goRedistore({ client })
  await store.setup()
  const [text, ends] = ['{"c":1,"p":{"a":1}}', Date.now() + 60_000]
  const version = await store.create('id', text, ends)
  t.equal((await store.read('id'))?.expires, ends)
  t.ok(await store.update('id', text, ends, version as string))
  t.ok(await store.touch('id', ends + 1000))
  t.ok(await store.remove('id'))
  await store.clear()
})

t.test('what is in Redis and no session gives none, and is not replaced', async (t) => {
  const { client, close } = drivers.ioredis(server.port)
  t.teardown(close)
  for (const serializer of SERIALIZERS) {
    const store = goRedistore({ client: client, serializer, prefix: 'other_' })
    for (const text of ['', 'x', '[1]', '{', '\u0000\u0001']) {
      await server.admin('SET', 'other_id', text)
      t.equal(await store.read('id'), undefined)
      t.equal(await store.create('id', '{"c":1}', Date.now() + 1000), undefined)
    }
  }
})

t.test('options that are wrong are refused at once', async (t) => {
  const { client, close } = drivers.ioredis(server.port)
  t.teardown(close)
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{}, /client must be a client of the package "ioredis" or "redis"; it is undefined/],
    [{ client, prefix: '' }, /prefix must be a text/],
    [{ client, maxAge: 0 }, /maxAge: expected a whole number of seconds/],
    [{ client, serializer: 'xml' }, /serializer: expected "json" or "gob"/],
    [{ client, ttl: 5 }, /there is no option "ttl"/]
  ]
  for (const [options, message] of wrong) {
    t.throws(() => goRedistore(options as GoRedistoreOptions), { code: 'FST_SESSIONS_STORE_CONFIG', message })
  }
  const sessions = {
    shop: { store: 'memory', schema, seal: goSecureCookie({ pairs: PAIRS, serializer: 'gob' }) }
  }
  await t.rejects(
    buildApp(t, { stores: { memory: memoryStore() }, sessions }).then((app) => app.ready()),
    { message: /serializer is for the cookie store: here the cookie holds an id alone/ }
  )
})
