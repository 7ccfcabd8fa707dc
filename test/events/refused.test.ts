import t, { type Test } from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore, type SessionsOptions } from '../../lib/index.js'
import { buildApp, Client, clock } from '../client.js'
import { heard, told } from './heard.js'

const schema = z.object({ user: z.string().optional(), text: z.string().optional() })
const HOUR = 3_600_000

interface Line {
  readonly level: number
  readonly session?: string
  readonly problem?: string
  readonly msg: string
}

/** A store that gives a record as if it had ended so much earlier, in ms. */
function aging(): { store: RecordStore; by: { ms: number } } {
  const store = memoryStore()
  const { read } = store
  const by = { ms: 0 }
  Object.assign(store, {
    readMany: undefined,
    read: async (id: string) => {
      const stored = await read.call(store, id)
      return stored && { ...stored, expires: stored.expires - by.ms }
    }
  })
  return { store, by }
}

async function signedIn(t: Test, options: Partial<SessionsOptions> = {}, store: RecordStore = memoryStore()) {
  const log: Line[] = []
  const app = await buildApp(
    t,
    {
      stores: { memory: store },
      sessions: { login: { store: 'memory', schema, idle: 3600, absolute: 7200, grace: 10 }, sealed: { schema } },
      ...options
    },
    log
  )
  app.get('/in', async (request) => request.session('login').set('user', 'ann').identify('ann').id)
  app.get('/id', async (request) => request.session('login').regenerate().id)
  app.get('/out', async (request) => request.session('login').destroy())
  app.get('/long', async (request) => request.session('login').set('text', 'x'.repeat(2000)).isDirty)
  app.get('/me', async (request) => request.session('login').get('user') ?? null)
  app.get('/sealed', async (request) => request.session('sealed').get('user') ?? null)
  const client = new Client(app)
  const { body: id } = await client.get('/in')
  const { take } = heard(t, app)
  await client.copy().get('/me')
  const [{ key } = {}] = take().map(told)
  /** What is told and logged of a request, and what it answers. */
  const visit = async (cookie: Client = client, url = '/me') => {
    log.splice(0)
    take()
    const answer = (await cookie.copy(app).get(url)).body
    const refused = take().filter(({ event }) => event === 'refused' || event === 'expired')
    const lines = log.filter(({ msg }) => msg.startsWith('a session cookie gave'))
    return {
      answer,
      told: refused.map(told),
      refused,
      lines: lines.map(({ level, session, msg }) => [level, session, msg])
    }
  }
  return { app, client, id, key, visit, about: { session: 'login', store: 'memory', url: '/me' } }
}

const INFO = 30
const WARN = 40
const gaveNone = (level: number, problem: string) => [[level, 'login', `a session cookie gave no session: ${problem}`]]

t.test('a record that is no more, and one that has ended, are told with the id, the user and the key', async (t) => {
  const { store, by } = aging()
  const { client, id, key, visit, about } = await signedIn(t, {}, store)
  by.ms = HOUR
  const late = await visit()
  t.equal(late.answer, 'null')
  t.hasStrict(late.told, [{ event: 'expired', ...about, id, subject: 'ann', by: 'idle' }])
  t.same(late.lines, gaveNone(INFO, 'expired'))
  by.ms = 0
  t.equal((await visit()).answer, 'ann')
  const before = client.copy()
  await client.get('/out')
  const gone = await visit(before)
  t.same(gone.told, [
    { event: 'refused', ...about, id, problem: 'gone', key, during: 'load', createdAt: createdAt(gone) }
  ])
  t.ok(createdAt(gone) > Date.now() - HOUR)
  t.same(gone.lines, gaveNone(INFO, 'gone'))
})

const createdAt = ({ refused }: { readonly refused: readonly object[] }) =>
  Number((refused[0] as { createdAt?: number }).createdAt)

t.test('an old id after its grace is told as a warning, with the user whose it was', async (t) => {
  const time = clock(t)
  const { client, id, key, visit, about } = await signedIn(t)
  const old = client.copy()
  await client.get('/id')
  time.pass(9000)
  t.same((await visit(old)).told, [], 'within its grace it reads')
  time.pass(1000)
  const retired = await visit(old)
  t.equal(retired.answer, 'null')
  t.same(retired.told, [
    {
      event: 'refused',
      ...about,
      id,
      subject: 'ann',
      problem: 'retired',
      key,
      during: 'load',
      createdAt: createdAt(retired)
    }
  ])
  t.same(retired.lines, gaveNone(WARN, 'retired'))
})

t.test('an old id whose session was signed out meanwhile is gone, also within its grace', async (t) => {
  const { client, id, key, visit, about } = await signedIn(t)
  const old = client.copy()
  await client.get('/id')
  await client.get('/out')
  const gone = await visit(old)
  t.equal(gone.answer, 'null')
  t.same(gone.told, [
    { event: 'refused', ...about, id, subject: 'ann', problem: 'gone', key, during: 'load', createdAt: createdAt(gone) }
  ])
})

t.test('a cookie from before all were cleared is told with its id', async (t) => {
  const { app, id, key, visit, about } = await signedIn(t)
  await app.sessions.clear()
  const cleared = await visit()
  t.equal(cleared.answer, 'null')
  t.hasStrict(cleared.told, [{ event: 'refused', ...about, id, problem: 'cleared', key, during: 'load' }])
  t.same(cleared.lines, gaveNone(INFO, 'cleared'))
})

t.test('a record with more bytes than may be is told with its id, and can be signed out', async (t) => {
  const store = memoryStore()
  const { client, id, key } = await signedIn(t, {}, store)
  await client.get('/long')
  const small = await signedIn(t, { sessions: { login: { store: 'memory', schema, maxBytes: 1000 } } }, store)
  const large = await small.visit(client)
  t.equal(large.answer, 'null')
  t.hasStrict(large.told, [{ event: 'refused', ...small.about, id, problem: 'too-large', key, during: 'load' }])
  t.same(large.lines, gaveNone(INFO, 'too-large'))
  await client.copy(small.app).get('/out')
  t.equal((await small.visit(client)).told[0]?.event, 'refused')
  t.hasStrict((await small.visit(client)).told, [{ problem: 'gone' }])
})

t.test('a cookie that is none is told, the first of several; a broken seal is a warning', async (t) => {
  const { client, key, visit, about } = await signedIn(t)
  const value = client.jar.get('__Host-login') as string
  const broken = `${value.slice(0, -1)}${value.endsWith('A') ? 'B' : 'A'}`
  const none = await visit(new Client(client.app, [['__Host-login', 'x']]))
  t.same(none.told, [{ event: 'refused', ...about, problem: 'malformed', during: 'load' }])
  t.same(none.lines, gaveNone(INFO, 'malformed'))
  const bent = await visit(new Client(client.app, [['__Host-login', broken]]))
  t.same(bent.told, [{ event: 'refused', ...about, problem: 'bad-seal', key, during: 'load' }])
  t.same(bent.lines, gaveNone(WARN, 'bad-seal'))
  const long = await visit(new Client(client.app, [['__Host-login', 'x'.repeat(16_385)]]))
  t.hasStrict(long.told, [{ problem: 'too-large' }])
  const most = await visit(new Client(client.app, [['__Host-login', 'x'.repeat(16_384)]]))
  t.hasStrict(most.told, [{ problem: 'malformed' }])
  const two = await visit(new Client(client.app, [['__Host-login', `x; __Host-login=${broken}`]]))
  t.hasStrict(two.told, [{ problem: 'malformed' }])
  t.equal((await visit(new Client(client.app, [['__Host-login', `x; __Host-login=${value}`]]))).answer, 'ann')
})

t.test(
  'what does not fit the schema has a line of its own in the log, and its cookie is none that gave no session',
  async (t) => {
    const store = memoryStore()
    const { client } = await signedIn(t, {}, store)
    const log: Line[] = []
    const sessions = { login: { store: 'memory', schema: z.object({ user: z.number().optional() }) } } as const
    const next = await buildApp(t, { stores: { memory: store }, sessions }, log)
    next.get('/me', async (request) => request.session('login').problem)
    t.equal((await client.copy(next).get('/me')).body, 'schema')
    t.same(
      log
        .filter(({ level, session }) => level >= INFO && session === 'login')
        .map(({ msg }) => msg.startsWith('a session cookie gave')),
      [false]
    )
  }
)
