import { inspect } from 'node:util'
import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { z } from 'zod'
import { InvalidValueError, memoryStore, type Schema, type Session, type SessionsOptions } from '../lib/index.js'
import { buildApp, Client } from './client.js'

const schema = z.object({
  n: z.number().default(0),
  note: z.string().optional(),
  any: z.any().optional(),
  items: z.array(z.object({ qty: z.number() })).default([]),
  a: z.object({ b: z.object({ c: z.any() }) }).optional()
})

type AnySession = Session<Schema<Record<string, unknown>>, Schema<Record<string, unknown>>>

/** Runs what the test does with a session, and gives the error. */
async function failing(
  t: Parameters<typeof buildApp>[0],
  run: (it: AnySession, request: FastifyRequest) => unknown,
  options: Partial<SessionsOptions> = {}
) {
  const app = await buildApp(t, { sessions: { it: { schema, flash: { notice: z.string() } } }, ...options })
  let error: unknown
  app.get('/', async (request) => {
    try {
      return await run(request.session('it') as AnySession, request)
    } catch (thrown) {
      error = thrown
      throw thrown
    }
  })
  const response = await new Client(app).get('/')
  return { error: error as InvalidValueError, response, message: (error as Error | undefined)?.message }
}

t.test(
  'a key that the schema lacks is refused by every member that takes one, with the keys that there are',
  async (t) => {
    const uses: Record<string, (it: AnySession) => unknown> = {
      get: (it) => it.get('itms'),
      has: (it) => it.has('itms'),
      delete: (it) => it.delete('itms'),
      set: (it) => it.set('itms', 1),
      update: (it) => it.update('itms', () => 1)
    }
    const message = 'session "it": itms: the schema has no such key; it has n, note, any, items, a'
    for (const [name, use] of Object.entries(uses)) t.equal((await failing(t, use)).message, message, name)
    t.equal((await failing(t, (it) => [it.get('note'), it.has('note'), it.delete('note')])).message, undefined)
    const loose = { sessions: { it: { schema: z.looseObject({ n: z.number().default(0) }) } } }
    t.equal((await failing(t, (it) => [it.get('x'), it.has('x'), it.delete('x')], loose)).message, undefined)
  }
)

t.test('what can not be changed of a cookie for one response is refused, with what to write', async (t) => {
  const cases: [unknown, string][] = [
    [{ maxAge: 60 }, 'maxAge can not be changed for one response: call persist(seconds)'],
    [{ name: 'sid' }, 'the name can not be changed: it stands in the definition, cookie: { name }'],
    [
      { samesite: 'lax' },
      'there is no option "samesite"; there are path, domain, secure, httpOnly, sameSite, partitioned, priority'
    ],
    ['/', 'expected an object of attributes, got string']
  ]
  for (const [options, reason] of cases) {
    const { error, message } = await failing(t, (it) => it.cookie(options as object))
    t.equal(message, `session "it": cookie(): ${reason}`)
    t.equal(error.code, 'FST_SESSIONS_CONFIG')
  }
  const { message } = await failing(t, (it) => it.cookie({ priority: 'urgent' as never }))
  t.equal(message, 'session "it": cookie: priority: expected "low", "medium" or "high", got "urgent"')
})

t.test('what does not survive JSON is told with its path, a cycle with the way to it', async (t) => {
  const cycle: { c?: unknown } = {}
  cycle.c = [{ d: cycle }]
  let deep: unknown = 1
  for (let depth = 0; depth < 120; depth++) deep = { c: deep }
  const cases: [string, unknown, string][] = [
    ['any', new Date(), 'any: a Date does not survive JSON: use a codec'],
    ['any', { at: [new Date()] }, 'any.at[0]: a Date does not survive JSON: use a codec'],
    ['any', [undefined], 'any[0]: undefined does not survive JSON'],
    ['any', Number.NaN, 'any: NaN becomes null in JSON'],
    ['any', cycle, 'any.c[0].d: a cycle does not survive JSON'],
    ['a', { b: { c: cycle } }, 'a.b.c.c[0].d: a cycle does not survive JSON'],
    ['any', deep, 'any.c.c.c: nested deeper than 100']
  ]
  for (const [key, value, reason] of cases) {
    t.equal((await failing(t, (it) => it.set(key, value))).message, `session "it": ${reason}`)
  }
})

t.test('a value that holds itself, in a schema that does, is refused', async (t) => {
  interface Tree {
    child?: Tree | undefined
  }
  const tree: z.ZodType<Tree> = z.lazy(() => z.object({ child: tree.optional() }))
  const cycle: Tree = {}
  cycle.child = cycle
  const sessions = { it: { schema: z.object({ tree: tree.optional() }) } }
  const { message } = await failing(t, (it) => it.set('tree', cycle), { sessions })
  t.match(message, /^session "it": tree[.child]*: (nested too deep, or a cycle|a cycle does not survive JSON)$/)
})

t.test(
  'the error for a value says of which session, key and path it is, and what is wrong, without the value',
  async (t) => {
    const { error, response } = await failing(t, (it) => it.set('items', [{ qty: 1 }, { qty: 'secret', unit: 'kg' }]))
    t.ok(error instanceof InvalidValueError)
    const path = ['items', 1, 'qty']
    const message = 'Invalid input: expected number, received string'
    t.same(
      { session: error.session, key: error.key, path: error.path, issues: error.issues },
      { session: 'it', key: 'items', path, issues: [{ path, message }] }
    )
    t.equal(response.statusCode, 500)
    t.notMatch(JSON.stringify(error), 'secret')
    const flash = (await failing(t, (it) => it.flash('notice', 5))).error
    t.same([flash.session, flash.key, flash.path], ['it', 'notice', ['notice']])
  }
)

t.test('a definition can say that a value which is refused is the fault of who sent it', async (t) => {
  const required = z.object({ user: z.string(), n: z.number().default(0), items: z.array(z.string()).default([]) })
  const options = { sessions: { it: { schema: required, flash: { notice: z.string() }, invalidValueStatus: 400 } } }
  const uses: [number, (it: AnySession) => unknown][] = [
    [400, (it) => it.set('n', 'x')],
    [400, (it) => it.update('n', () => 'x')],
    [400, (it) => it.flash('notice', 1)],
    [400, (it) => (it.set('user', 'ada').get('items') as unknown[]).push(1)],
    [500, (it) => it.set('m', 1)],
    [500, (it) => it.get('m')],
    [500, (it) => it.flash('notic', 'x')],
    [500, (it) => it.set('n', 1)]
  ]
  for (const [status, use] of uses) {
    t.equal((await failing(t, use, options)).response.statusCode, status, String(use))
  }
  const shared = { invalidValueStatus: 422, sessions: { it: { schema } } }
  t.equal((await failing(t, (it) => it.set('n', 'x'), shared)).response.statusCode, 422)
})

t.test('a forgotten load() is told at the first visit, before there is a cookie', async (t) => {
  const stores = { memory: memoryStore() }
  const message = 'session "it" is loaded by hand on this route: await request.session("it").load() first'
  const manual = { stores, sessions: { it: { schema, store: 'memory', load: 'manual' as const } } }
  t.equal((await failing(t, (it) => it.get('n'), manual)).message, message)
  t.equal((await failing(t, async (it) => (await it.load()).get('n'), manual)).message, undefined)
  const app = await buildApp(t, { stores, sessions: { it: { schema, store: 'memory' } } })
  app.get('/out', { config: { sessions: false } }, async (request) => request.session('it').get('n'))
  app.get('/others', { config: { sessions: [] } }, async (request) => request.session('it').get('n'))
  app.get('/named', { config: { sessions: ['it'] } }, async (request) => request.session('it').get('n'))
  app.setNotFoundHandler(async (request) => request.session('it').get('n'))
  const answer = async (url: string) => (await app.inject(url)).json()
  t.equal((await answer('/out')).message, message)
  t.equal((await answer('/others')).message, message)
  t.equal(await answer('/named'), 0)
  t.equal(await answer('/nowhere'), 0)
})

t.test('a key that is used wrongly is the fault of the app, and the error names it', async (t) => {
  const two = { schema: z.object({ n: z.number(), m: z.number() }), invalidValueStatus: 400 } as const
  const refusal = async (run: (it: AnySession) => unknown) => {
    const { error } = await failing(t, run, { sessions: { it: two } })
    const { issues, key, path, statusCode } = error
    return { issues, key, path, statusCode }
  }
  const message =
    'the function given to update() returned undefined: return the new value, or call delete() to remove it'
  t.same(await refusal((it) => it.set('n', 1).update('n', (() => undefined) as never)), {
    issues: [{ path: ['n'], message }],
    key: 'n',
    path: ['n'],
    statusCode: 500
  })
  t.equal((await refusal((it) => it.set('x', 1))).statusCode, 500, 'there is no such key')
  const { issues: _, ...refused } = await refusal((it) => it.set('n', 'x'))
  t.same(refused, { key: 'n', path: ['n'], statusCode: 400 }, 'a value is the fault of who sent it')
  const { error } = await failing(t, (it) => it.set('n', 'x'), {
    sessions: { it: { ...two, invalidValueStatus: 422 } }
  })
  t.equal(error.statusCode, 422)
  const { response } = await failing(t, (it) => it.set('n', 1).isDirty, { sessions: { it: two } })
  t.equal(response.statusCode, 500, 'what is missing is not')
})

t.test('a flash kind that there is not is refused, with the kinds that there are', async (t) => {
  const flash = (it: AnySession) => it.flash('warning', 'x')
  t.equal((await failing(t, flash)).message, 'session "it": no flash kind "warning"; it has notice')
  const none = { sessions: { it: { schema } } }
  t.equal(
    (await failing(t, flash, none)).message,
    'session "it": no flash kind "warning"; it defines none: add flash: z.object({…}) to its definition'
  )
})

t.test('whoever takes request.session for a session of an app that defines none is told so, too', async (t) => {
  const app = await buildApp(t, { sessions: {} })
  app.get('/get', async (request) => (request.session as unknown as Map<string, unknown>).get('user'))
  app.get('/find', async (request) => (request.session('user' as never) as Session).id)
  t.equal(
    (await app.inject('/get')).json().message,
    'request.session.get: request.session is a function that gives the session of a name: write request.session("name").get (in Nest take @Req(), not @Session()); for plugins that expect a session there, give the options default: "name"'
  )
  t.equal((await app.inject('/find')).json().message, 'no session "user": the app defines none')
})

t.test('a key of a session that has none is refused by a sentence that says so', async (t) => {
  const empty = { sessions: { it: { schema: z.object({}) } } }
  t.equal(
    (await failing(t, (it) => it.set('x', 1), empty)).message,
    'session "it": x: the schema has no such key; it has none'
  )
})

t.test('an object of a class without a name is refused like all others', async (t) => {
  const nameless = new (class {})()
  Object.defineProperty(nameless.constructor, 'name', { value: '' })
  t.equal(
    (await failing(t, (it) => it.set('any', nameless))).message,
    'session "it": any: a class instance does not survive JSON: use a codec'
  )
})

t.test('a session that is shown tells why what came is none', async (t) => {
  const app = await buildApp(t, { sessions: { it: { schema } } })
  app.get('/', async (request) => inspect(request.session('it')))
  t.match(
    (await new Client(app, [['__Host-it', 'x']]).get('/')).body,
    'Session "it" { problem: \'malformed\', changed: [],'
  )
  t.match((await new Client(app).get('/')).body, 'Session "it" { changed: [],')
})
