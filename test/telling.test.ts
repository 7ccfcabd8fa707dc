import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import Fastify from 'fastify'
import t from 'tap'
import { z } from 'zod'
import sessions, { memoryStore, type SessionsOptions } from '../lib/index.js'
import { buildApp, Client, KEY } from './client.js'
import { exactly } from './exactly.js'

const SECRET = 'redis://:hunter2@10.0.0.3:6379'

const schema = z.object({
  user: z.string().optional(),
  list: z.array(z.string()).default([]),
  deep: z.object({ a: z.object({ b: z.string() }) }).optional()
})

t.test('console.log(session) shows its name, its id, what changed and the beginnings of its values', async (t) => {
  const app = await buildApp(t, {
    stores: { memory: memoryStore() },
    sessions: {
      kept: { schema, store: 'memory' },
      sealed: { schema },
      manual: { schema, store: 'memory', load: 'manual' }
    }
  })
  app.get('/', async (request) => {
    const [kept, sealed] = [request.session('kept'), request.session('sealed')]
    const before = inspect(sealed)
    kept.set('user', 'a name that is longer than twenty characters')
    ;(kept.get('list') as string[]).push('x')
    kept.set('deep', { a: { b: 'hidden' } })
    return { before, id: kept.id, after: inspect({ it: kept }), manual: inspect(request.session('manual')) }
  })
  app.get('/look', async (request) => [inspect(request.session('kept')), request.session('kept').isDirty])
  const client = new Client(app)
  const { before, id, after, manual } = (await client.json('/')) as Record<string, string>
  t.equal(before, 'Session "sealed" { changed: [], values: { list: [] } }')
  for (const part of ['Session "kept" {', `id: '${id?.slice(0, 20)}'...`, "changed: [ 'user', 'deep', 'list' ]"]) {
    t.ok(after?.includes(part), part)
  }
  t.match(after, "user: 'a name that is longe'... 24 more characters")
  t.notMatch(after, 'hidden')
  t.equal(manual, 'Session "manual" (not loaded)')
  t.same(((await client.json('/look')) as unknown[])[1], false, 'to look changes nothing')
})

t.test(
  'a session that a handler returns is an error that says what to return, and its values stay inside',
  async (t) => {
    const log: { msg?: string }[] = []
    const app = await buildApp(t, { sessions: { it: { schema } } }, log)
    app.get('/whole', async (request) => request.session('it').set('user', SECRET))
    app.get('/within', async (request) => ({ session: request.session('it').set('user', SECRET) }))
    app.get('/data', async (request) => request.session('it').set('user', 'ada').data)
    app.get('/logged', async (request) => {
      request.log.info({ session: request.session('it').set('user', SECRET) }, 'looked')
      return 'fine'
    })
    for (const url of ['/whole', '/within']) {
      const response = await app.inject(url)
      t.equal(response.statusCode, 500)
      t.match(response.json(), {
        code: 'FST_SESSIONS_UNSUPPORTED',
        message: exactly(
          'session "it": is not to be sent as it is: return what is to be shown of it, such as session.get(key), or all, session.data'
        )
      })
    }
    t.same((await app.inject('/data')).json(), { user: 'ada', list: [] })
    t.equal((await app.inject('/logged')).body, 'fine')
    t.ok(log.some(({ msg }) => msg === 'looked'))
    t.notMatch(JSON.stringify(log), 'hunter2')
  }
)

t.test("a store's own words reach the log and the error's cause, never the client", async (t) => {
  const log: { msg?: string; err?: { message: string } }[] = []
  const store = memoryStore()
  const original = { read: store.read, update: store.update }
  const app = await buildApp(
    t,
    { stores: { memory: store }, sessions: { a: { schema, store: 'memory' }, b: { schema, store: 'memory' } } },
    log
  )
  const causes: unknown[] = []
  app.addHook('onError', async (_request, _reply, error) => void causes.push((error as Error).cause))
  app.get('/set', async (request) => ['a', 'b'].map((name) => request.session(name).set('user', 'x').isDirty))
  app.get('/read', async (request) => request.session('a').get('user'))
  const client = new Client(app)
  await client.get('/set')
  const broken = () => {
    throw new Error(`connect ECONNREFUSED ${SECRET}`)
  }
  Object.assign(store, { readMany: undefined, saveMany: undefined, read: broken })
  const read = await client.get('/read')
  t.match(read.json(), { statusCode: 503, message: exactly('session "a": its store failed: it could not be read') })
  Object.assign(store, { read: original.read, update: broken, create: broken })
  const save = await new Client(app).get('/set')
  t.match(save.json(), {
    statusCode: 503,
    message: exactly('could not save 2 sessions "a": its store failed; "b": its store failed')
  })
  t.notMatch(read.body + save.body, 'hunter2')
  for (const cause of causes) t.match(cause, { message: `connect ECONNREFUSED ${SECRET}` })
  t.equal(causes.length, 2)
  const told = log.filter(({ msg }) => msg === 'a session could not be saved: its store failed')
  t.same(
    told.map(({ err }) => err?.message),
    Array(2).fill(`connect ECONNREFUSED ${SECRET}`),
    'of each session'
  )
})

t.test('the log says in which step and where a migration threw, and nothing of what is stored', async (t) => {
  const old = { store: 'memory', schema: z.object({ name: z.string() }) }
  function takeApart(payload: unknown): unknown {
    throw new TypeError(`can't split ${(payload as { name: string }).name}\n    at this`)
  }
  const migrate = { 1: (it: unknown) => it, 2: takeApart }
  const stores = { memory: memoryStore() }
  const before = await buildApp(t, { stores, sessions: { it: old } })
  before.get('/', async (request) => request.session('it').set('name', 'hunter2').isDirty)
  const first = new Client(before)
  await first.get('/')
  for (const onInvalid of ['reset', 'throw'] as const) {
    const log: { msg?: string; session?: string; issues?: string; err?: { message: string; stack: string } }[] = []
    const definition = { ...old, version: 3, migrate, onInvalid }
    const app = await buildApp(t, { stores, sessions: { it: definition } }, log)
    app.get('/', async (request) => request.session('it').get('name') ?? 'none')
    const response = await first.copy(app).get('/')
    t.equal(response.statusCode, onInvalid === 'reset' ? 200 : 500)
    t.notMatch(JSON.stringify([log, response.body]), 'hunter2')
    t.notMatch(response.body, 'takeApart')
    const line = log.find(({ err }) => err !== undefined)
    t.match(line?.err?.stack, /takeApart \(.*telling\.test\.[jt]s:\d+:\d+\)/)
    const text = onInvalid === 'reset' ? line?.issues : line?.err?.message
    t.match(text, /step 2 of its migration threw TypeError/)
  }
})

t.test('without a logger, that a store is for one process only is a warning of the process', async (t) => {
  const warnings: (Error & { code?: string })[] = []
  const listen = (warning: Error) => void warnings.push(warning)
  process.on('warning', listen)
  t.teardown(() => process.off('warning', listen))
  // Told once a process: other tests have stores of their own names.
  const name = `memory ${randomUUID()}`
  const options: SessionsOptions = { keys: [KEY], stores: { [name]: memoryStore() }, sessions: {} }
  for (const logger of [false, false, { level: 'silent' }]) {
    const app = Fastify({ logger })
    t.teardown(() => app.close())
    await app.register(sessions, options)
    await app.ready()
  }
  await new Promise(setImmediate)
  t.same(
    warnings.map(({ code, message }) => [code, message]),
    [
      [
        'FST_SESSIONS_STORE_LIMITS',
        `session store "${name}": records live in the memory of this process: other processes do not see them, a restart loses them`
      ]
    ]
  )
})
