import { randomBytes } from 'node:crypto'
import t from 'tap'
import * as v from 'valibot'
import { z } from 'zod'
import { memoryStore, type RecordStore } from '../lib/index.js'
import type { Definition, SessionsOptions } from '../types/options.js'
import { buildApp, Client, KEY } from './client.js'

/** One deploy of an app: the same store and keys, another schema. */
async function deploy(
  t: Parameters<typeof buildApp>[0],
  store: RecordStore,
  definition: Definition,
  options: Partial<SessionsOptions> = {},
  log?: object[]
) {
  const app = await buildApp(
    t,
    {
      stores: { memory: store },
      sessions: { kept: { store: 'memory', ...definition }, sealed: definition },
      ...options
    },
    log
  )
  app.post('/set', async (request) => {
    for (const name of ['kept', 'sealed']) {
      for (const [key, value] of Object.entries(request.body as object)) request.session(name).set(key, value)
    }
  })
  app.get('/get', async (request) => ['kept', 'sealed'].map((name) => request.session(name).data))
  app.get('/problems', async (request) => ['kept', 'sealed'].map((name) => request.session(name).problem))
  return app
}

const set = (client: Client, body: object) => client.get('/set', { method: 'POST', payload: body })

t.test('a deploy that changes the schema carries what is stored forward, step by step', async (t) => {
  const store = memoryStore()
  const one = await deploy(t, store, { schema: z.object({ name: z.string() }) })
  const client = new Client(one)
  await set(client, { name: 'Ann Lee' })
  const three = await deploy(t, store, {
    schema: z.object({ first: z.string(), last: z.string(), visits: z.number() }),
    version: 3,
    migrate: {
      1: (payload) => {
        const [first, last] = (payload as { name: string }).name.split(' ')
        return { first, last }
      },
      2: (payload) => ({ ...(payload as object), visits: 1 })
    }
  })
  const after = client.copy(three)
  const expected = { first: 'Ann', last: 'Lee', visits: 1 }
  t.same(await after.json('/get'), [expected, expected])
  await set(after, { visits: 2 })
  t.same(
    await after.json('/get'),
    [
      { ...expected, visits: 2 },
      { ...expected, visits: 2 }
    ],
    'migrated once, not twice'
  )
})

t.test('what no longer fits begins anew, says why, and leaves the old record alone', async (t) => {
  const store = memoryStore()
  const log: { issues?: string }[] = []
  const client = new Client(await deploy(t, store, { schema: z.object({ n: z.number() }) }))
  await set(client, { n: 41 })
  const after = client.copy(await deploy(t, store, { schema: z.object({ n: z.string() }) }, {}, log))
  t.same(await after.json('/get'), [{}, {}])
  t.same(await after.json('/problems'), ['schema', 'schema'])
  const entry = log.find(({ issues }) => issues)
  t.match(entry?.issues, /^n: /)
  t.notMatch(entry?.issues, /41/, 'values are not logged')
  await set(after, { n: 'x' })
  t.same(await after.json('/get'), [{ n: 'x' }, { n: 'x' }])
  t.same(await client.json('/get'), [{ n: 41 }, { n: 41 }], 'the old process still reads the old record')
})

t.test(
  'what no longer fits stays in the browser while it is only read, also when its key is an older one',
  async (t) => {
    const store = memoryStore()
    const client = new Client(await deploy(t, store, { schema: z.object({ n: z.number() }) }))
    await set(client, { n: 41 })
    const after = await deploy(t, store, { schema: z.object({ n: z.string() }) })
    after.sessions.rotate([randomBytes(32), KEY])
    const visitor = client.copy(after)
    t.equal((await visitor.get('/problems')).headers['set-cookie'], undefined)
    t.same(await visitor.json('/problems'), ['schema', 'schema'])
    t.same(await visitor.copy(client.app).json('/get'), [{ n: 41 }, { n: 41 }], 'a deploy that is undone finds it')
  }
)

t.test('onInvalid can throw, or mend', async (t) => {
  const store = memoryStore()
  const client = new Client(await deploy(t, store, { schema: z.object({ n: z.number() }) }))
  await set(client, { n: 41 })
  const throwing = await deploy(t, store, { schema: z.object({ n: z.string() }), onInvalid: 'throw' })
  t.match((await client.copy(throwing).get('/get')).json(), { code: 'FST_SESSIONS_SCHEMA', message: /"kept".*n: / })
  const mending = await deploy(t, store, {
    schema: z.object({ n: z.string() }),
    onInvalid: ({ payload, issues, name, version }) => {
      t.hasStrict({ issues, version }, { issues: [{ path: ['n'] }], version: 1 })
      t.ok(['kept', 'sealed'].includes(name))
      return { n: String((payload as { n: number }).n) }
    }
  })
  t.same(await client.copy(mending).json('/get'), [{ n: '41' }, { n: '41' }])
})

t.test('during a deploy an older process keeps what a newer one stored beside what it knows', async (t) => {
  const store = memoryStore()
  const older = await deploy(t, store, { schema: z.object({ a: z.string().default('') }) })
  const newer = await deploy(t, store, {
    schema: z.object({ a: z.string().default(''), b: z.string().default('') }),
    version: 2,
    migrate: { 1: (payload) => ({ ...(payload as object), b: 'migrated' }) }
  })
  const client = new Client(newer)
  await set(client, { b: 'new' })
  const back = client.copy(older)
  await set(back, { a: 'old' })
  t.same(await back.copy(newer).json('/get'), [
    { a: 'old', b: 'new' },
    { a: 'old', b: 'new' }
  ])
})

t.test('a key that is rotated logs nobody out, and what it sealed is sealed anew', async (t) => {
  const store = memoryStore()
  const schema = z.object({ a: z.string().default('') })
  const app = await deploy(t, store, { schema })
  const client = new Client(app)
  await set(client, { a: 'x' })
  const next = randomBytes(32)
  app.sessions.rotate([next, KEY])
  const response = await client.get('/get')
  t.same(response.json(), [{ a: 'x' }, { a: 'x' }])
  t.equal(response.cookies.length, 2, 'both cookies are sealed with the new key')
  t.notOk((await client.get('/get')).headers['set-cookie'], 'once')
  app.sessions.rotate([next])
  t.same(await client.json('/get'), [{ a: 'x' }, { a: 'x' }], 'the old key can go')
  app.sessions.rotate([randomBytes(32)])
  t.same(await client.json('/get'), [{ a: '' }, { a: '' }])
  t.same(await client.json('/problems'), ['unknown-key', 'unknown-key'])
  t.throws(() => app.sessions.rotate([]), { code: 'FST_SESSIONS_CONFIG' })
  t.throws(() => app.sessions.rotate(['short']), { code: 'FST_SESSIONS_CONFIG', message: /keys\[0\]: 5 bytes/ })
})

t.test('turning encryption on or off logs nobody out', async (t) => {
  const store = memoryStore()
  const schema = z.object({ a: z.string().default('') })
  const client = new Client(await deploy(t, store, { schema, seal: 'sign' }))
  await set(client, { a: 'readable' })
  const [body] = (client.jar.get('__Host-sealed') as string).split('.')
  t.hasStrict(JSON.parse(Buffer.from(body as string, 'base64url').toString()), { p: { a: 'readable' } })
  const encrypting = client.copy(await deploy(t, store, { schema, seal: 'encrypt' }))
  t.same(await encrypting.json('/get'), [{ a: 'readable' }, { a: 'readable' }])
  t.notMatch(encrypting.jar.get('__Host-sealed'), /\./)
})

t.test('codecs keep dates, maps, sets and bigints typed, and JSON at rest', async (t) => {
  const schema = z.object({
    when: z.codec(z.iso.datetime(), z.date(), {
      decode: (text) => new Date(text),
      encode: (date) => date.toISOString()
    }),
    tags: z.codec(z.array(z.string()), z.set(z.string()), {
      decode: (tags) => new Set(tags),
      encode: (tags) => [...tags]
    }),
    prices: z.codec(z.array(z.tuple([z.string(), z.number()])), z.map(z.string(), z.number()), {
      decode: (entries) => new Map(entries),
      encode: (map) => [...map]
    }),
    big: z.codec(z.string(), z.bigint(), { decode: (text) => BigInt(text), encode: (value) => value.toString() })
  })
  const app = await deploy(t, memoryStore(), { schema })
  app.get('/put', async (request) => {
    for (const name of ['kept', 'sealed']) {
      const session = request.session(name)
      session.set('when', new Date(86_400_000)).set('tags', new Set(['a']))
      session.set('prices', new Map([['tea', 3]])).set('big', 2n ** 80n)
    }
  })
  app.get('/mutate', async (request) => {
    for (const name of ['kept', 'sealed']) (request.session(name).get('tags') as Set<string>).add('b')
  })
  app.get('/check', async (request) =>
    ['kept', 'sealed'].map((name) => {
      const { when, tags, prices, big } = request.session(name).data as z.output<typeof schema>
      return [when instanceof Date && when.getTime(), [...tags], prices.get('tea'), big === 2n ** 80n]
    })
  )
  const client = new Client(app)
  await client.get('/put')
  await client.get('/mutate')
  t.same(await client.json('/check'), Array(2).fill([86_400_000, ['a', 'b'], 3, true]))
})

t.test('another Standard Schema validator checks on the way in and on the way out', async (t) => {
  const store = memoryStore()
  const definition = { schema: v.object({ lang: v.optional(v.string(), 'en') }), flash: { notice: v.string() } }
  const app = await deploy(t, store, definition)
  app.get('/flash', async (request) => request.session('kept').flash('notice', 'hi').isDirty)
  app.get('/bad-flash', async (request) => request.session('kept').flash('notice', 1).isDirty)
  app.get('/flashes', async (request) => request.session('kept').flashes('notice'))
  const client = new Client(app)
  t.same(await client.json('/get'), [{ lang: 'en' }, { lang: 'en' }])
  await set(client, { lang: 'de' })
  t.same(await client.json('/get'), [{ lang: 'de' }, { lang: 'de' }])
  t.match((await set(client, { lang: 1 })).json(), { code: 'FST_SESSIONS_SAVE', message: /"kept".*lang.*"sealed"/s })
  await client.get('/flash')
  t.hasStrict((await client.get('/bad-flash')).json(), { code: 'FST_SESSIONS_INVALID_VALUE' })
  t.same(await client.json('/flashes'), ['hi'])
})

t.test('a session with required keys is empty, not invalid, until it is saved', async (t) => {
  const app = await deploy(t, memoryStore(), { schema: z.object({ user: z.string(), role: z.string() }) })
  const client = new Client(app)
  t.same(await client.json('/get'), [{}, {}])
  t.match((await set(client, { user: 'ann' })).json(), {
    code: 'FST_SESSIONS_SAVE',
    statusCode: 500,
    message: /could not save 2 sessions "kept": .*role: required.*; "sealed": /
  })
  t.equal((await set(client, { user: 'ann', role: 'admin' })).statusCode, 200)
  app.sessions.rotate([KEY])
  t.same(await client.json('/get'), Array(2).fill({ user: 'ann', role: 'admin' }))
})
