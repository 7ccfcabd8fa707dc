import Fastify from 'fastify'
import { Cluster } from 'ioredis'
import pg from 'pg'
import { z } from 'zod'
import sessions from '../../lib/index.js'
import { postgresStore } from '../../lib/stores/postgres.js'
import { redisStore } from '../../lib/stores/redis.js'
import type { RecordStore } from '../../types/store.js'
import { KEY } from '../client.js'

/** One of several machines: `node app.js <engine> <url>…`. It sends the port that it listens on to its parent. */
const [, , engine = '', ...urls] = process.argv

const stores: Readonly<Record<string, () => RecordStore>> = {
  redis: () => {
    const client = new Cluster(urls)
    client.on('error', () => {})
    return redisStore({ client, timeout: 30_000 })
  },
  postgres: () => {
    const client = new pg.Pool({ connectionString: String(urls[0]), max: 5 })
    client.on('error', () => {})
    return postgresStore({ client })
  }
}
const store = stores[engine]?.()
if (!store) throw new Error(`no engine ${engine}`)

const app = Fastify()
await app.register(sessions, {
  keys: [KEY],
  stores: { shared: store },
  sessions: {
    login: { store: 'shared', schema: z.object({ user: z.string().optional(), count: z.number().default(0) }) }
  }
})

app.get('/in/:user', async (request) => {
  const { user } = request.params as { user: string }
  request.session('login').regenerate().identify(user).set('user', user)
  return user
})
app.get('/again', async (request) => {
  const login = request.session('login')
  if (login.get('user')) login.regenerate().set('count', 1)
  return login.get('user') ?? 'nobody'
})
app.get('/add', async (request) => {
  const login = request.session('login')
  if (!login.get('user')) return 'nobody'
  return login.update('count', (count) => Number(count) + 1)
})
app.get('/count', async (request) => request.session('login').get('count'))
app.get('/out', async (request) => {
  request.session('login').destroy()
  return 'out'
})
app.get('/who', async (request) => request.session('login').get('user') ?? 'nobody')
app.get('/sessions/:user', async (request) => {
  const { user } = request.params as { user: string }
  return (await app.sessions.of(user)).length
})

await app.listen({ port: 0, host: '127.0.0.1' })
process.once('disconnect', () => process.exit())
process.send?.((app.server.address() as { port: number }).port)
