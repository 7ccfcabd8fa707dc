import Fastify from 'fastify'
import t from 'tap'
import { z } from 'zod'
import sessions, { memoryStore } from '../../lib/index.js'
import { buildApp, Client, KEY } from '../client.js'

const schema = z.object({ n: z.number().default(0) })

t.test('the plugin is for the whole app, and tells its name and for which Fastify it is', async (t) => {
  const meta = (sessions as unknown as Record<symbol, unknown>)[Symbol.for('plugin-meta')]
  t.same(meta, { fastify: '5.x', name: 'fastify-sessions' })
  const app = await buildApp(t, {})
  t.equal(app.hasPlugin('fastify-sessions'), true)
  t.equal(app.hasDecorator('sessions'), true)
})

t.test('an error of a handler that uses no session is answered as ever', async (t) => {
  const app = await buildApp(t, { sessions: { prefs: { schema } } })
  app.get('/', async () => {
    throw Object.assign(new Error('no tea'), { statusCode: 418 })
  })
  const response = await app.inject('/')
  t.same(response.json(), { statusCode: 418, error: "I'm a Teapot", message: 'no tea' })
})

t.test('a hook from before the plugin may answer a request that comes with a rolling session', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.addHook('onRequest', async (request, reply) => {
    if (request.url === '/closed') return reply.code(503).send('closed')
  })
  await app.register(sessions, { keys: [KEY], sessions: { prefs: { schema, rolling: true, touchAfter: 0 } } })
  app.get('/set', async (request) => request.session('prefs').set('n', 1).get('n'))
  const client = new Client(app)
  await client.get('/set')
  t.equal(client.jar.size, 1)
  const response = await client.get('/closed')
  t.same([response.statusCode, response.body, response.headers['set-cookie']], [503, 'closed', undefined])
})

t.test('a route from before the plugin whose settings are wrong answers with that fault', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/wrong', { config: { sessions: ['crat'] as never } }, async () => 'reached')
  const stores = { memory: memoryStore(), markers: memoryStore() }
  await app.register(sessions, {
    keys: [KEY],
    stores,
    clearMarker: { store: 'markers', refresh: 0 },
    sessions: { cart: { schema, store: 'memory' } }
  })
  app.get('/set', async (request) => request.session('cart').set('n', 1).get('n'))
  const client = new Client(app)
  await client.get('/set')
  t.same(await client.json('/wrong'), {
    statusCode: 500,
    code: 'FST_SESSIONS_CONFIG',
    error: 'Internal Server Error',
    message: 'route "GET /wrong": config.sessions: no session "crat"; there are cart'
  })
})
