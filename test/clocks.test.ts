import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { z } from 'zod'
import { memoryStore, type Session } from '../lib/index.js'
import { buildApp, Client } from './client.js'

const MINUTE = 60_000
const schema = z.object({ n: z.number().default(0) })
const NAMES = ['kept', 'sealed']

/** A clock that stands still until the test moves it, forth or back, in ms. */
function clock(t: Parameters<typeof buildApp>[0]): { pass(ms: number): void } {
  const real = Date.now
  let now = real()
  Date.now = () => now
  t.teardown(() => {
    Date.now = real
  })
  return {
    pass: (ms) => {
      now += ms
    }
  }
}

/** Servers on one store; what each of them thinks the time is, the test sets by the clock before it asks. */
async function servers(
  t: Parameters<typeof buildApp>[0],
  definition: object
): Promise<[FastifyInstance, FastifyInstance]> {
  const store = memoryStore()
  const server = async () => {
    const app = await buildApp(t, {
      stores: { memory: store },
      sessions: { kept: { store: 'memory', schema, ...definition }, sealed: { schema, ...definition } }
    })
    const each = (path: string, run: (session: Session, n: number) => unknown) =>
      app.get(path, async (request) =>
        NAMES.map((name) => run(request.session(name), Number((request.params as { n?: string }).n)))
      )
    each('/set/:n', (session, n) => void session.set('n', n))
    each('/get', (session) => session.get('n'))
    each('/end', (session) => session.expiresAt.getTime())
    each('/persist/:n', (session, n) => void session.persist(n || false))
    return app
  }
  return [await server(), await server()]
}

t.test('a clock that goes back does not shorten the life of what is used, read or written', async (t) => {
  const time = clock(t)
  const [app] = await servers(t, { idle: 3600, touchAfter: 0 })
  const client = new Client(app)
  await client.get('/set/1')
  const ends = (await client.json('/end')) as number[]
  time.pass(-30 * MINUTE)
  await client.get('/get')
  t.same(await client.json('/end'), ends, 'read')
  await client.get('/set/2')
  t.same(await client.json('/end'), ends, 'written')
  time.pass(30 * MINUTE + 59 * MINUTE)
  t.same(await client.json('/get'), [2, 2])
})

t.test('the cookie that is written while the clock is behind lives as long as the session', async (t) => {
  const time = clock(t)
  const [app] = await servers(t, { idle: 3600, touchAfter: 0, cookie: { maxAge: 3600 } })
  const client = new Client(app)
  await client.get('/set/1')
  time.pass(-10 * MINUTE)
  const { cookies } = await client.get('/set/2')
  t.same(
    cookies.map(({ name, maxAge }) => [name, maxAge]),
    [['__Host-sealed', 3600]]
  )
  time.pass(10 * MINUTE + 59 * MINUTE)
  t.same(await client.json('/get'), [2, 2])
})

t.test('two servers whose clocks are ten minutes apart sign no active visitor out', async (t) => {
  const time = clock(t)
  const [right, behind] = await servers(t, { idle: 3600, absolute: 5 * 3600 })
  const client = new Client(right)
  const wrong: unknown[] = []
  await client.get('/set/1')
  const visitBehind = async (path: string) => {
    time.pass(-10 * MINUTE)
    const other = client.copy(behind)
    await other.get(path)
    time.pass(10 * MINUTE)
    for (const [name, value] of other.jar) client.jar.set(name, value)
  }
  for (let round = 1; round <= 5; round++) {
    time.pass(MINUTE)
    await visitBehind(round % 2 === 0 ? '/get' : '/set/1')
    time.pass(55 * MINUTE)
    const now = await client.json('/get')
    if (JSON.stringify(now) !== '[1,1]') wrong.push([round, now])
  }
  t.same(wrong, [])
  time.pass(20 * MINUTE)
  t.same(await client.json('/get'), [0, 0], 'nothing outlives the absolute lifetime')
})

t.test('persist may shorten a life', async (t) => {
  const time = clock(t)
  const [app] = await servers(t, { idle: 3600 })
  const client = new Client(app)
  await client.get('/set/1')
  await client.get('/persist/7200')
  await client.get('/persist/60')
  time.pass(61_000)
  t.same(await client.json('/get'), [0, 0])
  await client.get('/set/1')
  await client.get('/persist/7200')
  await client.get('/persist/0')
  time.pass(61 * MINUTE)
  t.same(await client.json('/get'), [0, 0])
})
