import type { FastifyInstance } from 'fastify'
import t from 'tap'
import * as v from 'valibot'
import { z } from 'zod'
import { memoryStore, type Session } from '../lib/index.js'
import type { Definition } from '../types/options.js'
import { buildApp, Client, gate } from './client.js'
import { exactly } from './exactly.js'

const schema = z.object({
  n: z.number().default(0),
  list: z.array(z.string()).default([]),
  note: z.string().optional()
})

async function start(t: Parameters<typeof buildApp>[0], definition: Partial<Definition> = {}) {
  const app = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: { it: { store: 'memory', schema, flash: { notice: z.string() }, ...definition } }
  })
  app.get('/start', async (request) => request.session('it').set('n', 1).isDirty)
  app.get('/data', async (request) => request.session('it').data)
  return { app, client: new Client(app) }
}

t.test('an update that returns nothing is an error, and what was there stays', async (t) => {
  const { app, client } = await start(t)
  app.get('/forgotten', async (request) => {
    request.session('it').update('list', ((list: string[]) => {
      list.push('in place')
    }) as never)
  })
  app.get('/optional', async (request) => {
    request.session('it').update('note', (() => undefined) as never)
  })
  await client.get('/start')
  const forgotten = await client.get('/forgotten')
  t.equal(forgotten.statusCode, 500)
  t.match(forgotten.json(), {
    code: 'FST_SESSIONS_INVALID_VALUE',
    message: exactly(
      'session "it": list: the function given to update() returned undefined: return the new value, or call delete() to remove it'
    )
  })
  t.hasStrict((await client.get('/optional')).json(), { code: 'FST_SESSIONS_INVALID_VALUE' })
  t.same(await client.json('/data'), { n: 1, list: [] })
})

t.test(
  'an update that returns nothing when it runs again on newer data is an error, and the newer data stays',
  async (t) => {
    const { app, client } = await start(t)
    const first = gate()
    const loaded = gate()
    app.get('/slow', async (request) => {
      request.session('it').update('n', ((n: number) => (n === 1 ? 2 : undefined)) as never)
      loaded.open()
      await first.opened
    })
    app.get('/fast', async (request) => request.session('it').set('n', 7).isDirty)
    await client.get('/start')
    const slow = client.get('/slow')
    await loaded.opened
    await client.get('/fast')
    first.open()
    const answer = await slow
    t.equal(answer.statusCode, 500)
    t.match(answer.json(), {
      code: 'FST_SESSIONS_SAVE',
      message: /"it": n: the function given to update\(\) returned undefined/
    })
    t.same(await client.json('/data'), { n: 7, list: [] })
  }
)

t.test('keys that are not strings are refused by whatever takes a key', async (t) => {
  const { app, client } = await start(t, { schema: z.looseObject({ n: z.number().default(0) }) })
  const key = Symbol('user') as never
  app.get('/:call', async (request) => {
    const it = request.session('it')
    const { call } = request.params as { call: string }
    if (call === 'get') it.get(key)
    if (call === 'has') it.has(key)
    if (call === 'set') it.set(key, 1 as never)
    if (call === 'update') it.update(key, (() => 1) as never)
    if (call === 'delete') it.delete(key)
    if (call === 'flash') it.flash(key, 'text' as never)
    if (call === 'flashes') it.flashes(key)
    if (call === 'peek') it.peek(key)
    if (call === 'number') it.get(1 as never)
  })
  for (const call of ['get', 'has', 'set', 'update', 'delete', 'flash', 'flashes', 'peek']) {
    const answer = await client.get(`/${call}`)
    t.match(
      answer.json(),
      {
        code: 'FST_SESSIONS_INVALID_VALUE',
        message: exactly('session "it": Symbol(user): keys are strings, got symbol')
      },
      call
    )
  }
  t.match((await client.get('/number')).json(), { message: exactly('session "it": 1: keys are strings, got number') })
})

const kinds = z.object({
  plain: z.array(z.string()).default([]),
  any: z.any().optional(),
  record: z.record(z.string(), z.object({ n: z.number() })).default({}),
  set: z
    .codec(z.array(z.string()), z.set(z.string()), { decode: (items) => new Set(items), encode: (set) => [...set] })
    .optional(),
  email: z.string().trim().toLowerCase().optional(),
  count: z.coerce.number().default(0),
  at: z
    .codec(z.iso.datetime(), z.date(), { decode: (text) => new Date(text), encode: (date) => date.toISOString() })
    .optional(),
  nested: z.object({ name: z.string().trim() }).optional()
})

/** Runs what the test does in a request, and answers what it returns. */
function doing(app: FastifyInstance): { run: (session: Session) => unknown } {
  const next: { run: (session: Session) => unknown } = { run: () => undefined }
  app.get('/do', async (request) => ({ done: next.run(request.session('it') as Session) ?? null }))
  return next
}

t.test("an object that the app sets is the app's own: what becomes of it later is nobody's session", async (t) => {
  const { app, client } = await start(t, { schema: kinds })
  const given = { plain: ['a'], any: { deep: ['a'] }, record: { a: { n: 1 } }, set: new Set(['a']) }
  const next = doing(app)
  const ways: Record<string, (session: Session) => unknown> = {
    set: (session) => {
      for (const [key, value] of Object.entries(given)) session.set(key, value)
    },
    update: (session) => {
      for (const [key, value] of Object.entries(given)) session.update(key, () => value)
    }
  }
  for (const [way, run] of Object.entries(ways)) {
    next.run = (session) => {
      run(session)
      const held = session.data as typeof given
      held.plain.push('b')
      held.any.deep.push('b')
      ;(held.record.a as { n: number }).n = 2
      held.set.add('b')
    }
    await client.get('/do')
    t.same(given, { plain: ['a'], any: { deep: ['a'] }, record: { a: { n: 1 } }, set: new Set(['a']) }, way)
    next.run = ({ data }) => ({ ...data, set: [...(data['set'] as Set<string>)] })
    t.hasStrict(
      await client.json('/do'),
      { done: { plain: ['a', 'b'], any: { deep: ['a', 'b'] }, record: { a: { n: 2 } }, set: ['a', 'b'] } },
      `${way}: what get gives is live`
    )
    next.run = (session) => {
      run(session)
      given.plain.push('later')
      given.any.deep.push('later')
      given.record.a.n = 9
      given.set.add('later')
    }
    await client.get('/do')
    next.run = ({ data }) => ({ ...data, set: [...(data['set'] as Set<string>)] })
    t.hasStrict(
      await client.json('/do'),
      { done: { plain: ['a'], any: { deep: ['a'] }, record: { a: { n: 1 } }, set: ['a'] } },
      `${way}: what the app holds is not`
    )
    Object.assign(given, { plain: ['a'], any: { deep: ['a'] }, record: { a: { n: 1 } }, set: new Set(['a']) })
  }
})

t.test('an object that get gave stays live when it is set again', async (t) => {
  const { app, client } = await start(t)
  const next = doing(app)
  next.run = (session) => {
    const list = session.get('list') as string[]
    list.push('a')
    session.set('list', list)
    list.push('b')
    const same = session.update('list', (now) => now ?? null)
    list.push('c')
    return same === list
  }
  t.same(await client.json('/do'), { done: true })
  t.hasStrict(await client.json('/data'), { list: ['a', 'b', 'c'] })
})

t.test('what is set reads at once as it will in the next request', async (t) => {
  const { app, client } = await start(t, { schema: kinds })
  const next = doing(app)
  const given = { email: ' Ada@X.Org ', count: '7', at: new Date(0), nested: { name: ' Ada ' } }
  const read = ({ data: { email, count, at, nested } }: Session) => [email, count, at instanceof Date && +at, nested]
  const expected = { done: ['ada@x.org', 7, 0, { name: 'Ada' }] }
  next.run = (session) => {
    for (const [key, value] of Object.entries(given)) session.set(key, value)
    return read(session)
  }
  t.same(await client.json('/do'), expected, 'set')
  next.run = read
  t.same(await client.json('/do'), expected, 'and later')
  next.run = (session) => Object.entries(given).map(([key, value]) => session.update(key, () => value))
  t.same(await client.json('/do'), { done: ['ada@x.org', 7, '1970-01-01T00:00:00.000Z', { name: 'Ada' }] }, 'update')
  next.run = (session) => {
    for (const [key, value] of Object.entries(given)) session.update(key, () => value)
    return read(session)
  }
  t.same(await client.json('/do'), expected)
})

t.test('another validator and a union keep what they make of a value, too', async (t) => {
  const shared = { tags: ['a'] }
  const schemas = {
    valibot: v.object({ name: v.optional(v.pipe(v.string(), v.trim()), ''), more: v.optional(v.any()) }),
    union: z.union([
      z.object({ name: z.string().trim().default(''), more: z.any().optional() }),
      z.object({ other: z.string() })
    ])
  }
  for (const [name, schema] of Object.entries(schemas)) {
    const { app, client } = await start(t, { schema: schema as never })
    const next = doing(app)
    next.run = (session) => {
      session.set('name', ' Ada ').set('more', shared)
      ;(session.get('more') as typeof shared).tags.push('b')
      return session.data
    }
    t.same(await client.json('/do'), { done: { name: 'Ada', more: { tags: ['a', 'b'] } } }, name)
    t.same(shared, { tags: ['a'] })
    t.same(await client.json('/data'), { name: 'Ada', more: { tags: ['a', 'b'] } })
  }
})

t.test('what a merge and a repeated update give is no object that others hold', async (t) => {
  const constant = ['constant']
  const { app, client } = await start(t, {
    schema: kinds,
    merge: { any: () => constant }
  })
  const first = gate()
  const loaded = gate()
  app.get('/slow', async (request) => {
    const it = request.session('it') as Session
    it.set('any', 'mine').update('plain', (now) => ((now as string[]).includes('fast') ? constant : ['slow']))
    it.update('email', (now) => (now === 'fast' ? ' FAST ' : 'slow'))
    loaded.open()
    await first.opened
    await it.save()
    ;(it.get('any') as string[]).push('of one user')
    ;(it.get('plain') as string[]).push('of one user')
    return [it.get('any'), it.get('plain'), it.get('email')]
  })
  app.get('/fast', async (request) => {
    request.session('it').set('any', 'theirs').set('plain', ['fast']).set('email', 'fast')
  })
  const next = doing(app)
  next.run = (session) => session.set('any', 'base').isDirty
  await client.get('/do')
  const slow = client.get('/slow')
  await loaded.opened
  await client.get('/fast')
  first.open()
  const expected = [['constant', 'of one user'], ['constant', 'of one user'], 'fast']
  t.same((await slow).json(), expected)
  t.same(constant, ['constant'])
  t.hasStrict(await client.json('/data'), { any: expected[0], plain: expected[1], email: 'fast' })
})

t.test('a message that is left is no object that others hold, and each reader gets one of its own', async (t) => {
  const { app, client } = await start(t, { flash: { notice: z.any() } })
  const constant = { words: ['hello'] }
  const next = doing(app)
  next.run = (session) => {
    session.flash('notice' as never, constant as never)
    constant.words.push('later')
    const [message] = session.peek('notice' as never) as unknown as [typeof constant]
    message.words.push('by a reader')
    return session.peek('notice' as never)
  }
  t.same(await client.json('/do'), { done: [{ words: ['hello'] }] })
  next.run = (session) => {
    const [message] = session.peek('notice' as never) as unknown as [typeof constant]
    message.words.push('by a reader')
    return session.flashes('notice' as never)
  }
  t.same(await client.json('/do'), { done: [{ words: ['hello'] }] })
})

t.test('what is put into a default after delete() or clear() is kept, also while a save is under way', async (t) => {
  const { app, client } = await start(t)
  app.get('/list', async (request) => {
    request.session('it').set('list', ['old'])
  })
  for (const empty of ['delete', 'clear'] as const) {
    app.get(`/${empty}`, async (request) => {
      const session = request.session('it')
      const saving = session.set('n', 2).save()
      if (empty === 'delete') session.delete('list')
      else session.clear()
      ;(session.get('list') as string[]).push('old')
      await saving
    })
  }
  for (const empty of ['delete', 'clear']) {
    await client.get('/list')
    await client.get(`/${empty}`)
    t.hasStrict(await client.json('/data'), { list: ['old'] }, empty)
  }
})
