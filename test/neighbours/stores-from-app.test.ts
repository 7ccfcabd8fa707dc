import redis from '@fastify/redis'
import Fastify, { type FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import tap, { type Test } from 'tap'
import { z } from 'zod'
import sessions, { memoryStore, type SessionsOptions } from '../../lib/index.js'
import { redisStore } from '../../lib/stores/redis.js'
import { Client, KEY } from '../client.js'
import { startRedis } from '../servers/redis.js'

const server = await startRedis()
tap.teardown(() => server.stop())

const schema = z.object({ n: z.number().default(0) })

async function appWith(
  t: Test,
  stores: SessionsOptions['stores'],
  before: (app: FastifyInstance) => unknown = () => {}
): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  await before(app)
  await app.register(sessions, {
    keys: [KEY],
    ...(stores && { stores }),
    sessions: { visit: { store: 'engine', schema } }
  })
  app.get('/', async (request) => ({ n: request.session('visit').update('n', (n) => Number(n) + 1) }))
  return app
}

const registerRedis = async (app: FastifyInstance) => void (await app.register(redis, { url: server.url }))

for (const order of ['before', 'after']) {
  tap.test(`a store is made of the client of @fastify/redis, registered ${order} this plugin`, async (t) => {
    const stores = { engine: (app: FastifyInstance) => redisStore({ client: app.redis, prefix: `${order}:` }) }
    const app = await appWith(t, stores, order === 'before' ? registerRedis : undefined)
    if (order === 'after') await registerRedis(app)
    const client = new Client(app)
    await client.get('/')
    t.same(await client.json('/'), { n: 2 })
    t.equal(((await server.admin('KEYS', `${order}:*`)) as string[]).length, 1)
  })
}

tap.test('a store is made once, of an app whose plugins are loaded, also by a promise', async (t) => {
  let made = 0
  const app = await appWith(t, undefined, () => {})
  app.sessions.addStore('engine', async (app: FastifyInstance) => {
    made++
    return (app as FastifyInstance & { engine: ReturnType<typeof memoryStore> }).engine
  })
  t.throws(() => app.sessions.addStore('engine', memoryStore()), { message: /there is a store "engine" already/ })
  app.register(fp(async (scope) => void scope.decorate('engine', memoryStore())))
  const client = new Client(app)
  await client.get('/')
  t.same(await client.json('/'), { n: 2 })
  t.equal(made, 1)
})

tap.test('a function that makes no store is refused at start', async (t) => {
  const wrong: readonly [unknown, RegExp][] = [
    [() => undefined, /^stores: "engine" is not a store/],
    [() => memoryStore, /^stores: "engine" is not a store/],
    [() => redisStore({ client: undefined as never }), /redis/i],
    [async () => Promise.reject(new Error('no engine')), /^no engine$/]
  ]
  for (const [engine, message] of wrong) {
    const app = await appWith(t, { engine } as never)
    await t.rejects(async () => app.ready(), { message })
  }
})

tap.test('an app may start without a store that is made of it', async (t) => {
  const store = Object.assign(memoryStore(), { setup: async () => Promise.reject(new Error('down')) })
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(sessions, {
    keys: [KEY],
    stores: { engine: () => store },
    startWithout: ['engine'],
    sessions: { visit: { store: 'engine', schema } }
  })
  app.get('/', async () => 'up')
  t.equal((await app.inject('/')).body, 'up')
})
