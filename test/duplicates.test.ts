import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { z } from 'zod'
import { memoryStore, type RecordStore } from '../lib/index.js'
import type { CookieOptions } from '../types/session.js'
import { buildApp, Client, clock, KEY } from './client.js'

const HOUR = 3_600_000
const schema = z.object({ user: z.string().default('nobody'), long: z.string().optional() })
const NAMES = ['kept', 'sealed'] as const
type Test = Parameters<typeof buildApp>[0]

interface Setting {
  readonly store?: RecordStore
  readonly cookie?: CookieOptions
  readonly keys?: readonly string[]
  readonly log?: object[]
}

/** One session on a record store and one in the cookie, with names that a cookie of any attributes may have. */
async function start(t: Test, { store = memoryStore(), cookie, keys = [KEY], log }: Setting): Promise<FastifyInstance> {
  const definition = { schema, idle: 3600, grace: 10, chunks: 2 }
  const app = await buildApp(
    t,
    {
      keys,
      stores: { memory: store },
      cookie: { secure: false, ...cookie },
      sessions: {
        kept: { ...definition, store: 'memory', cookie: { name: 'kept' } },
        sealed: { ...definition, cookie: { name: 'sealed' } }
      }
    },
    log
  )
  app.get('/in/:user', async (request) => {
    const { user } = request.params as { user: string }
    for (const name of NAMES) request.session(name).set('user', user)
  })
  app.get('/long', async (request) => void request.session('sealed').set('long', 'x'.repeat(4000)))
  app.get('/new-id', async (request) => void request.session('kept').regenerate().set('user', 'new id'))
  app.get('/out', async (request) => NAMES.map((name) => request.session(name).destroy()).length)
  app.get('/me', async (request) =>
    NAMES.map((name) => [request.session(name).get('user'), request.session(name).problem ?? null])
  )
  return app
}

/** What a browser with all of these jars sends: one cookie after the other. */
async function me(app: FastifyInstance, ...jars: readonly (Client | string)[]): Promise<unknown> {
  const cookie = jars.map((jar) => (typeof jar === 'string' ? jar : jar.cookie)).join('; ')
  return (await app.inject({ url: '/me', headers: { cookie } })).json()
}

async function signedIn(app: FastifyInstance, user: string): Promise<Client> {
  const client = new Client(app)
  await client.get(`/in/${user}`)
  return client
}

t.test('an ended session does not hide the live one whose cookie stands behind it', async (t) => {
  const time = clock(t)
  const app = await start(t, {})
  const ended = await signedIn(app, 'old')
  time.pass(HOUR + 1000)
  const live = await signedIn(app, 'ada')
  t.same(await me(app, ended, live), [
    ['ada', null],
    ['ada', null]
  ])
  t.same(await me(app, live, ended), [
    ['ada', null],
    ['ada', null]
  ])
})

t.test(
  'one that was signed out, cleared or is unknown does not hide a live one, whatever its cookie says',
  async (t) => {
    const app = await start(t, {})
    const gone = await signedIn(app, 'old')
    await gone.copy().get('/out')
    const cleared = await signedIn(app, 'old')
    const foreign = await signedIn(await start(t, { keys: [`other ${KEY}`] }), 'old')
    await app.sessions.clear()
    const live = await signedIn(app, 'ada')
    const broken = NAMES.map((name) => `${name}=${cleared.jar.get(name)?.slice(0, -2)}xx`).join('; ')
    for (const jar of [gone, cleared, foreign, broken, 'kept=; sealed=', 'kept=x; sealed=x']) {
      t.same(await me(app, jar, live), [
        ['ada', null],
        ['ada', null]
      ])
    }
  }
)

t.test('an id that was replaced does not hide the new one, neither during its grace nor after it', async (t) => {
  const time = clock(t)
  const log: { problem?: string }[] = []
  const app = await start(t, { log })
  const old = await signedIn(app, 'old')
  const renewed = old.copy()
  await renewed.get('/new-id')
  t.hasStrict(await me(app, old, renewed), [['new id', null]])
  t.hasStrict(await me(app, renewed, old), [['new id', null]])
  t.hasStrict(await me(app, old), [['old', null]], 'alone it is good for its grace')
  t.hasStrict(await me(app, 'kept=x', old), [['old', null]])
  time.pass(11_000)
  t.hasStrict(await me(app, old, renewed), [['new id', null]])
  t.same(
    log.filter(({ problem }) => problem === 'retired'),
    [],
    'and nobody is told of a theft'
  )
  t.hasStrict(await me(app, old), [['nobody', 'retired']])
})

t.test('when none is good, the first says why, and the log says it once', async (t) => {
  const log: { problem?: string; session?: string }[] = []
  const app = await start(t, { log })
  const gone = await signedIn(app, 'old')
  const expired = await signedIn(app, 'old')
  await gone.copy().get('/out')
  const time = clock(t)
  time.pass(HOUR + 1000)
  log.length = 0
  t.same(await me(app, 'kept=x; sealed=x', gone, expired), [
    ['nobody', 'malformed'],
    ['nobody', 'malformed']
  ])
  t.same(
    log.flatMap(({ session, problem }) => (problem === undefined ? [] : [[session, problem]])),
    [
      ['kept', 'malformed'],
      ['sealed', 'malformed']
    ]
  )
  t.same(await me(app, gone, 'kept=x'), [
    ['nobody', 'gone'],
    ['nobody', 'expired']
  ])
})

t.test('of several cookies that do not open, the first says why', async (t) => {
  const app = await start(t, {})
  const foreign = await signedIn(await start(t, { keys: [`other ${KEY}`] }), 'old')
  const malformed = 'kept=x; sealed=x'
  const why = async (...jars: readonly (Client | string)[]) =>
    ((await me(app, ...jars)) as [string, string][]).map(([, problem]) => problem)
  t.same(await why(foreign), ['unknown-key', 'unknown-key'])
  t.same(await why(malformed, foreign), ['malformed', 'malformed'])
  t.same(await why(foreign, malformed), ['unknown-key', 'unknown-key'])
})

t.test('four cookies of one name are tried, and as many records are read', async (t) => {
  const store = memoryStore()
  let reads = 0
  const { read } = store
  store.read = (id, options) => {
    reads++
    return read.call(store, id, options)
  }
  const app = await start(t, { store })
  const dead = await Promise.all(Array.from({ length: 9 }, () => signedIn(app, 'old')))
  for (const client of dead) await client.copy().get('/out')
  const live = await signedIn(app, 'ada')
  reads = 0
  t.hasStrict(await me(app, ...dead.slice(0, 3), live), [['ada', null]])
  t.equal(reads, 4)
  reads = 0
  t.hasStrict(await me(app, ...dead.slice(0, 4), live), [['nobody', 'gone']])
  t.equal(reads, 4)
  reads = 0
  t.hasStrict(await me(app, ...dead.slice(0, 2), 'kept=x; kept=y', ...dead.slice(2), live), [['nobody', 'gone']])
  t.equal(reads, 2)
})

t.test('a value in several cookies is put together from those that belong to it', async (t) => {
  const time = clock(t)
  const app = await start(t, {})
  const ended = await signedIn(app, 'old')
  await ended.get('/long')
  time.pass(HOUR + 1000)
  const live = await signedIn(app, 'ada')
  await live.get('/long')
  t.equal(live.jar.has('sealed.1'), true)
  t.hasStrict(await me(app, ended, live), [[], ['ada', null]])
  const backwards = [...live.jar].reverse().map(([name, value]) => `${name}=${value}`)
  t.hasStrict(await me(app, backwards.join('; ')), [[], ['ada', null]])
})

t.test('after the domain of a cookie is changed, one signs in and is signed in', async (t) => {
  const store = memoryStore()
  const before = await start(t, { store })
  const after = await start(t, { store, cookie: { domain: 'example.com' } })
  const hostOnly = await signedIn(before, 'ada')
  // Ended from elsewhere: the browser keeps its cookie.
  await hostOnly.copy().get('/out')
  const withDomain = new Client(after)
  const header = () => [hostOnly.cookie, withDomain.cookie].filter((part) => part !== '').join('; ')
  const visit = (url: string) => withDomain.get(url, { headers: { cookie: header() } })
  t.hasStrict((await visit('/me')).json(), [['nobody', 'gone']])
  await visit('/in/ada')
  t.hasStrict((await visit('/me')).json(), [['ada', null]])
  await visit('/out')
  t.hasStrict((await visit('/me')).json(), [['nobody', 'gone']])
})
