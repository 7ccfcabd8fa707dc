import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import sessions, { memoryStore, type SessionsOptions } from '../../lib/index.js'
import { Client, KEY } from '../client.js'
import { exactly } from '../exactly.js'

const schema = z.object({ n: z.number().default(0) })

function options(): SessionsOptions {
  return {
    keys: [KEY],
    stores: { memory: memoryStore() },
    sessions: { kept: { store: 'memory', schema }, sealed: { schema } }
  } as SessionsOptions
}

function start(t: Test): FastifyInstance {
  const app = Fastify()
  t.teardown(() => app.close())
  return app
}

/** A plugin that knows nothing of sessions but for one route, and decorates requests, as many do. */
async function guest(scope: FastifyInstance): Promise<void> {
  scope.decorateRequest('guest', null)
  scope.decorateReply('guest', null)
  scope.addHook('onRequest', async () => {})
  scope.addHook('onSend', async (_request, _reply, payload) => payload)
  scope.get('/health', async () => 'healthy')
  scope.get('/fail', async () => {
    throw new Error('of its own')
  })
  scope.get('/count', async (request) =>
    ['kept', 'sealed'].map((name) => request.session(name).update('n', (n) => (n as number) + 1))
  )
  scope.setNotFoundHandler(async (request, reply) => {
    reply.code(404)
    return request.url.includes('session') ? request.session('kept').get('n') : 'not here'
  })
}

const orders = {
  'a scope that is registered before the plugin': async (app: FastifyInstance) => {
    await app.register(guest, { prefix: '/guest' })
    await app.register(sessions, options())
  },
  'a scope that is registered after the plugin': async (app: FastifyInstance) => {
    await app.register(sessions, options())
    await app.register(guest, { prefix: '/guest' })
  },
  'a scope within a scope that is registered before the plugin': async (app: FastifyInstance) => {
    await app.register(async (outer) => {
      outer.decorateRequest('outer', null)
      await outer.register(guest, { prefix: '/guest' })
    })
    await app.register(sessions, options())
  },
  'a scope, where nothing is awaited,': async (app: FastifyInstance) => {
    app.register(guest, { prefix: '/guest' })
    app.register(sessions, options())
  },
  'a scope that registers the plugin for itself': async (app: FastifyInstance) => {
    await app.register(async (scope) => {
      await scope.register(guest, { prefix: '/guest' })
      await scope.register(sessions, options())
    })
  }
}

for (const [order, build] of Object.entries(orders)) {
  t.test(`${order} serves routes that ask for no session, and those that do`, async (t) => {
    const app = start(t)
    await build(app)
    const client = new Client(app)
    const get = async (url: string) => {
      const { statusCode, body } = await client.get(`/guest${url}`)
      return [statusCode, body]
    }
    t.same(await get('/health'), [200, 'healthy'])
    t.match(await get('/fail'), [500, /of its own/])
    t.same(await get('/nowhere'), [404, 'not here'])
    t.same(await get('/count'), [200, '[1,1]'])
    t.same(await get('/count'), [200, '[2,2]'])
    t.same(await get('/session'), [404, '2'])
    t.same(await get('/health'), [200, 'healthy'])
    t.equal((await client.get('/nowhere')).statusCode, 404)
  })
}

t.test('a scope and the app around it can have sessions of their own', async (t) => {
  const app = start(t)
  const add = (n: unknown) => (n as number) + 1
  const own = (name: string): SessionsOptions =>
    ({ keys: [KEY], stores: { memory: memoryStore() }, sessions: { [name]: { store: 'memory', schema } } }) as never
  await app.register(async (scope) => {
    await scope.register(sessions, own('inner'))
    scope.get('/inner', async (request) => request.session('inner').update('n', add))
  })
  await app.register(sessions, own('outer'))
  app.get('/outer', async (request) => request.session('outer').update('n', add))
  const client = new Client(app)
  for (const url of ['/inner', '/outer']) for (const n of [1, 2]) t.equal(await client.json(url), n)
})

t.test('a route that is older than the plugin and says nonsense of its sessions is told so', async (t) => {
  const app = start(t)
  const add = (n: unknown) => (n as number) + 1
  for (const [name, config] of Object.entries({ text: 'kept', other: ['crat'], one: ['kept'] })) {
    app.get(`/${name}`, { config: { sessions: config } as object }, async (request) => request.session('kept').get('n'))
  }
  await app.register(sessions, options())
  app.get('/set', async (request) => request.session('kept').update('n', add))
  const client = new Client(app)
  await client.get('/set')
  t.match(await client.json('/text'), {
    statusCode: 500,
    code: 'FST_SESSIONS_CONFIG',
    message: exactly('route "GET /text": config.sessions: expected false, an array of names, or { load, touch }')
  })
  t.match(await client.json('/other'), {
    code: 'FST_SESSIONS_CONFIG',
    message: exactly('route "GET /other": config.sessions: no session "crat"; there are kept, sealed')
  })
  t.equal(await client.json('/one'), 1)
})

t.test('a session that is asked for without its request says what to do', async (t) => {
  const app = start(t)
  await app.register(sessions, options())
  app.get('/', async ({ session }) => session('kept'))
  t.match((await app.inject('/')).json(), {
    code: 'FST_SESSIONS_NOT_LOADED',
    message: exactly(
      'session "kept" is asked for without its request: write request.session(…), not a copy of the function (in Nest take @Req(), not @Session())'
    )
  })
})
