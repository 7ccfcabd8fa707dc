import { hash, randomBytes } from 'node:crypto'
import t from 'tap'
import { z } from 'zod'
import { SealedValues } from '../lib/cookie/sealed-values.js'
import { memoryStore } from '../lib/index.js'
import { KeyRing } from '../lib/seal/keys.js'
import { TwoWayCache } from '../lib/util/two-way-cache.js'
import { buildApp, Client, gate, KEY } from './client.js'

/** The same session in a cookie and in a store. */
const NAMES = ['sealed', 'kept']
const both = (definition: { schema: z.ZodType }) => ({ sealed: definition, kept: { ...definition, store: 'memory' } })

t.test(
  'a key that is taken out of the ring opens nothing any more, not even what it opened a moment ago',
  async (t) => {
    const app = await buildApp(t, {
      stores: { memory: memoryStore() },
      sessions: both({ schema: z.object({ name: z.string().optional() }) })
    })
    app.get('/set', async (request) => {
      for (const name of NAMES) request.session(name).set('name', 'Ann')
    })
    app.get('/get', async (request) => NAMES.map((name) => request.session(name).get('name') ?? null))
    app.get('/problems', async (request) => NAMES.map((name) => request.session(name).problem ?? null))
    const client = new Client(app)
    await client.get('/set')
    t.same(await client.copy().json('/get'), ['Ann', 'Ann'])
    const other = randomBytes(32)
    app.sessions.rotate([other, KEY])
    t.same(await client.copy().json('/get'), ['Ann', 'Ann'])
    app.sessions.rotate([other])
    t.same(await client.copy().json('/problems'), ['unknown-key', 'unknown-key'])
  }
)

t.test('a visitor who writes again and again costs no parsing from the fourth time on', async (t) => {
  const app = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: both({ schema: z.object({ count: z.number().default(0) }) })
  })
  app.get('/count', async (request) =>
    NAMES.map((name) => request.session(name).update('count', (count) => Number(count) + 1))
  )
  const client = new Client(app)
  const { parse } = JSON
  t.teardown(() => Object.assign(JSON, { parse }))
  let parsed = 0
  JSON.parse = (text, reviver) => {
    if (text.startsWith('{"c":')) parsed++
    return parse(text, reviver)
  }
  const costs: number[] = []
  for (let round = 1; round <= 5; round++) {
    parsed = 0
    const { body } = await client.get('/count')
    costs.push(parsed)
    t.equal(body, `[${round},${round}]`)
  }
  t.hasStrict(costs.slice(3), [0, 0], `parsed ${costs.join(', ')} times`)
})

t.test('what a failed request did to the objects it was given, the next one does not see', async (t) => {
  const item = z.object({ sku: z.string(), tags: z.array(z.string()) })
  const schemas = {
    plain: z.object({ items: z.array(item) }),
    any: z.object({ items: z.any() }),
    loose: z.looseObject({}),
    record: z.object({ items: z.record(z.string(), z.unknown()) }),
    codec: z.object({
      items: z.codec(z.array(item), z.custom<object>(), { decode: (items) => items, encode: (items) => items as never })
    })
  }
  for (const [kind, schema] of Object.entries(schemas)) {
    const app = await buildApp(t, { stores: { memory: memoryStore() }, sessions: both({ schema }) })
    const items = kind === 'record' ? { 0: { tags: [] } } : [{ sku: 'a', tags: [] }]
    app.get('/set', async (request) => {
      for (const name of NAMES) request.session(name).set('items', structuredClone(items))
    })
    app.get('/get', async (request) => NAMES.map((name) => request.session(name).get('items')))
    app.get('/fail', async (request) => {
      for (const name of NAMES) {
        const given = request.session(name).get('items') as Record<number, { tags: string[] }>
        given[0]?.tags.push('mine')
        Object.assign(given, { 1: 'mine' })
      }
      throw new Error('after all, no')
    })
    const client = new Client(app)
    await client.get('/set')
    const copy = client.copy()
    t.same(await copy.json('/get'), [items, items], kind)
    t.equal((await copy.get('/fail')).statusCode, 500)
    t.same(await copy.json('/get'), [items, items], `${kind}, after a request that failed`)
  }
})

t.test('the process that stored a value reads of it what every other process reads', async (t) => {
  const schema = z.object({ items: z.array(z.object({ note: z.string().optional() })) })
  const app = await buildApp(t, { stores: { memory: memoryStore() }, sessions: both({ schema }) })
  app.get('/set', async (request) => {
    for (const name of NAMES) request.session(name).set('items', [{ note: undefined }])
  })
  app.get('/keys', async (request) =>
    NAMES.map((name) => Object.keys((request.session(name).get('items') as [object])[0]))
  )
  const client = new Client(app)
  await client.get('/set')
  t.same(await client.json('/keys'), [[], []])
})

t.test('a migration and a mending that work in place find the same payload each time', async (t) => {
  const store = memoryStore()
  const before = await buildApp(t, {
    stores: { memory: store },
    sessions: both({ schema: z.object({ count: z.number() }) })
  })
  before.get('/set', async (request) => {
    for (const name of NAMES) request.session(name).set('count', 1)
  })
  const client = new Client(before)
  await client.get('/set')
  const add = (payload: unknown) =>
    Object.assign(payload as object, { count: (payload as { count: number }).count + 1 })
  const more = { version: 2, migrate: { 1: add } }
  const strict = { onInvalid: ({ payload }: { payload: unknown }) => add(payload) }
  for (const [definition, expected] of [
    [{ schema: z.object({ count: z.number() }), ...more }, 2],
    [{ schema: z.object({ count: z.number().min(2) }), ...strict }, 2]
  ] as const) {
    const after = await buildApp(t, { stores: { memory: store }, sessions: both(definition) })
    after.get('/get', async (request) => NAMES.map((name) => request.session(name).get('count')))
    for (const _ of [1, 2, 3]) t.same(await client.copy(after).json('/get'), [expected, expected])
  }
})

t.test('sixteen things that were put in are known, nearly always, until they are forgotten', async (t) => {
  let known = 0
  for (let round = 0; round < 100; round++) {
    const recent = new TwoWayCache<string>()
    const names = Array.from({ length: 16 }, () => randomBytes(32).toString('base64url'))
    for (const name of names) recent.put(name, name)
    for (const name of names) recent.put(name, `${name} again`)
    known += names.filter((name) => recent.get(name) === `${name} again`).length
    for (const name of names) recent.forget(name)
    t.same(
      names.filter((name) => recent.get(name) !== undefined),
      []
    )
  }
  t.ok(known > 1580, `${known} of 1,600`)
})

t.test('what was put in last is known; it takes the place of something else, and there are 256 places', async (t) => {
  const recent = new TwoWayCache<string>()
  const names = Array.from({ length: 5000 }, () => randomBytes(32).toString('base64url'))
  for (const name of names) {
    recent.put(name, name)
    t.equal(recent.get(name), name)
  }
  const known = names.filter((name) => recent.get(name) === name)
  t.equal(known.length, 256)
  recent.clear()
  t.equal(recent.get(names.at(-1) as string), undefined)
})

t.test('whether a name is said again is known of 256 places', async (t) => {
  const recent = new TwoWayCache<string>()
  // As good as random, but the same each time: of random ones two may have one mark, once in some hundred runs.
  const names = Array.from({ length: 512 }, (_, index) => hash('sha256', String(index), 'base64url'))
  for (const name of names) {
    t.notOk(recent.wasSeen(name))
    t.ok(recent.wasSeen(name))
  }
  const again = names.filter((name) => recent.wasSeen(name)).length
  t.ok(again < 100, `but ${again} of 512 that took one another's places`)
})

t.test('a cookie that comes again is opened twice and then known, with all that replace it', async (t) => {
  const opened: string[] = []
  const sealer = {
    open: (value: string) => ({ text: opened[opened.push(value) - 1] as string, stale: false }),
    seal: (text: string) => `sealed ${text}`,
    close: () => {}
  }
  const values = new SealedValues(
    sealer,
    new KeyRing([KEY]),
    (text) => ({ text }),
    () => true
  )
  const [first, second] = ['value one', 'value two'] as const
  t.hasStrict(values.open(first), { text: first, cachedValue: undefined })
  t.hasStrict(values.open(second), { text: second, cachedValue: undefined })
  for (const _ of [1, 2, 3]) t.hasStrict(values.open(first), { content: { text: first }, cachedValue: first })
  t.same(opened, [first, second, first])

  const replaced = values.seal('a third', { text: 'a third' }, first)
  t.hasStrict(values.open(replaced), { text: 'a third', cachedValue: replaced })
  const newcomer = values.seal('a fourth', { text: 'a fourth' })
  t.hasStrict(values.open(newcomer), { cachedValue: newcomer })
  t.hasStrict(values.open(newcomer), { cachedValue: newcomer })
  t.same(opened, [first, second, first, newcomer])
  values.open(first)
  t.same(opened, [first, second, first, newcomer, first], 'what was replaced is not kept')
})

t.test('what becomes of an object after its session was saved is seen by no other request', async (t) => {
  const schema = z.object({ list: z.array(z.string()).default([]), n: z.number().default(0) })
  const app = await buildApp(t, { stores: { memory: memoryStore() }, sessions: both({ schema }) })
  app.get('/add', async (request, reply) => {
    const closed = gate()
    after = closed.opened
    const lists = NAMES.map((name) => {
      const it = request.session(name)
      it.update('list', (list) => [...(list as string[]), 'a'])
      return it.get('list') as string[]
    })
    reply.raw.on('close', () => {
      for (const list of lists) list.push('late')
      closed.open()
    })
  })
  app.get('/count', async (request) => NAMES.map((name) => request.session(name).update('n', (n) => (n as number) + 1)))
  app.get('/get', async (request) => NAMES.map((name) => request.session(name).get('list')))
  let after = Promise.resolve()
  const client = new Client(app)
  const expected: string[] = []
  for (let visit = 0; visit < 5; visit++) {
    await client.get('/add')
    await after
    expected.push('a')
    for (const url of ['/get', '/count', '/get']) {
      const seen = await client.json(url)
      if (url === '/get') t.same(seen, [expected, expected], `visit ${visit}`)
    }
  }
})
