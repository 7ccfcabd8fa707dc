import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import express from '@fastify/express'
import middie from '@fastify/middie'
import rateLimit from '@fastify/rate-limit'
import websocket from '@fastify/websocket'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FastifySSEPlugin } from 'fastify-sse-v2'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { memoryStore } from '../../lib/index.js'
import { buildApp, Client } from '../client.js'

const sse = createRequire(import.meta.url)('@fastify/sse')

const schema = z.object({ n: z.number().default(0) })
const add = (n: unknown) => Number(n) + 1

async function appOn(t: Test, store = 'memory'): Promise<FastifyInstance> {
  return buildApp(t, {
    stores: { memory: memoryStore() },
    default: 'visit',
    sessions: { visit: { store, schema, cookie: { secure: false } } },
    watchInterval: 0.05
  } as never)
}

/** A client of the WebSocket that is there in this Node. */
async function connect(app: FastifyInstance, cookie: string) {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`, { headers: { cookie } })
  const [message] = (await once(socket, 'message')) as [Buffer]
  return { socket, message: String(message) }
}

t.test('@fastify/websocket: a session is read and saved by a socket, which closes when the session ends', async (t) => {
  const app = await appOn(t)
  await app.register(websocket)
  app.get('/begin', async (request) => request.session('visit').set('n', 1).id)
  app.get('/n', async (request) => ({ n: request.session('visit').get('n') }))
  app.get('/end', async (request) => request.session('visit').destroy())
  const wsHandler = async (socket: WebSocket, request: FastifyRequest) => {
    const session = request.session('visit')
    session.update('n', add)
    await session.save()
    session.signal.addEventListener('abort', () => socket.close(4001, 'signed out'))
    socket.send(String(session.get('n')))
  }
  app.route({ method: 'GET', url: '/socket', handler: async () => 'a socket', wsHandler } as never)
  const client = new Client(app)
  await client.get('/begin')
  const { socket, message } = await connect(app, client.cookie)
  t.equal(message, '2')
  t.same(await client.json('/n'), { n: 2 })
  const closed = once(socket, 'close')
  await client.get('/end')
  t.equal((await closed)[0], 4001)
})

t.test('@fastify/sse: a session is saved before the events begin, and found again', async (t) => {
  const app = await appOn(t)
  await app.register(sse)
  app.get('/events', { sse: true } as never, async (request: FastifyRequest, reply: FastifyReply) => {
    const session = request.session('visit')
    session.update('n', add)
    await session.save()
    await (reply as unknown as { sse: { send(event: object): Promise<void> } }).sse.send({ data: session.get('n') })
    ;(reply as unknown as { sse: { close(): void } }).sse.close()
  })
  const client = new Client(app)
  const headers = { accept: 'text/event-stream' }
  t.match((await client.get('/events', { headers })).body, /data: 1\n/)
  t.match((await client.get('/events', { headers })).body, /data: 2\n/)
})

t.test('fastify-sse-v2: a session is saved before the events begin, and its cookie comes with them', async (t) => {
  const app = await appOn(t)
  await app.register(FastifySSEPlugin)
  app.get('/events', async (request, reply) => {
    const session = request.session('visit')
    session.update('n', add)
    await session.save()
    const data = String(session.get('n'))
    reply.sse(
      (async function* () {
        yield { data }
      })()
    )
  })
  const client = new Client(app)
  t.match((await client.get('/events')).body, /data: 1\n/)
  t.match((await client.get('/events')).body, /data: 2\n/)
})

/** What the manual gives to middleware, which knows the raw request alone. */
const handOver = async (request: FastifyRequest) => {
  Object.assign(request.raw, { session: request.session })
}

type Middleware = (request: { session: { n: number } }, response: object, next: () => void) => void
const counting: Middleware = (request, _response, next) => {
  request.session.n += 1
  next()
}

for (const [name, plugin] of [
  ['@fastify/express', express],
  ['@fastify/middie', middie]
] as const) {
  t.test(`${name}: middleware has the default session as req.session`, async (t) => {
    const app = await appOn(t)
    app.addHook('onRequest', handOver)
    await app.register(plugin as never)
    ;(app as unknown as { use(middleware: Middleware): void }).use(counting)
    app.get('/', async (request) => ({ n: request.session('visit').get('n') }))
    // Express answers over a socket alone.
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const first = await fetch(url)
    t.same(await first.json(), { n: 1 })
    const cookie = first.headers.getSetCookie().map((set) => set.split(';')[0])
    t.same(await (await fetch(url, { headers: { cookie: cookie.join('; ') } })).json(), { n: 2 })
  })
}

t.test('@fastify/rate-limit counts by the user of a session, and else by address', async (t) => {
  const app = await appOn(t)
  app.get('/sign-in/:user', { config: { rateLimit: false } }, async (request) => {
    request.session('visit').identify((request.params as { user: string }).user)
  })
  await app.register(rateLimit, {
    max: 2,
    keyGenerator: (request) => request.session('visit').subject ?? request.ip
  })
  app.get('/', async () => 'page')
  const [ada, bob, nobody] = [new Client(app), new Client(app), new Client(app)]
  await ada.get('/sign-in/ada')
  await bob.get('/sign-in/bob')
  for (const status of [200, 200, 429]) t.equal((await ada.get('/')).statusCode, status)
  for (const client of [bob, nobody]) t.equal((await client.get('/')).statusCode, 200)
})
