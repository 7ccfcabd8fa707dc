import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { z } from 'zod'
import { cart } from '../cart.js'
import { redisClient } from '../redis-client.js'

/** The handlers of contestants whose session has `get` and `set`. */
function routes(app, session) {
  app.get('/start', async (request) => {
    for (const [key, value] of Object.entries(cart)) session(request).set(key, value)
    return 'ok'
  })
  app.get('/none', async () => 'ok')
  app.get('/read', async (request) => session(request).get('user'))
  app.get('/write', async (request) => {
    const count = session(request).get('count') + 1
    session(request).set('count', count)
    return String(count)
  })
}

export async function bare() {
  const app = Fastify()
  for (const path of ['/start', '/none']) app.get(path, async () => 'ok')
  app.get('/read', async () => cart.user)
  app.get('/write', async () => '1')
  return app
}

/** The least that an encrypted cookie can cost: one cookie cut out, libsodium, JSON, one header, and nothing else. */
export async function floor() {
  const aead = await import('../../dist/lib/seal/aead.js')
  await aead.ready()
  const key = aead.remember(randomBytes(32))
  const header = Buffer.from('floor!')
  const read = ({ raw }) => {
    const { cookie } = raw.headers
    const at = cookie.indexOf('session=')
    const end = cookie.indexOf(';', at)
    return JSON.parse(aead.open(key, header, cookie.slice(at + 8, end === -1 ? undefined : end)))
  }
  const write = (reply, value) => {
    const sealed = aead.seal(key, header, JSON.stringify(value))
    reply.header('set-cookie', `session=${sealed}; Path=/; HttpOnly; Secure; SameSite=Lax`)
    return String(value.count)
  }
  const app = Fastify()
  app.get('/start', async (_request, reply) => write(reply, cart))
  app.get('/none', async () => 'ok')
  app.get('/read', async (request) => read(request).user)
  app.get('/write', async (request, reply) => {
    const value = read(request)
    value.count++
    return write(reply, value)
  })
  return app
}

export const schema = z.object({
  user: z.string().optional(),
  items: z
    .array(z.object({ sku: z.string(), name: z.string(), qty: z.number().int(), price: z.number().int() }))
    .default([]),
  count: z.number().default(0)
})

/** This plugin, with `sessions` sessions on one store. */
async function own(store, sessions = 1, definition = {}) {
  const { default: plugin } = await import('../../dist/bundle/index.js')
  const app = Fastify()
  const names = Array.from({ length: sessions }, (_, index) => `session${index}`)
  await app.register(plugin, {
    keys: [randomBytes(32)],
    ...(store && { stores: { store } }),
    sessions: Object.fromEntries(
      names.map((name) => [name, { schema, ...definition, ...(store && { store: 'store' }) }])
    )
  })
  const each = (request, run) => {
    let last
    for (const name of names) last = run(request.session(name))
    return last
  }
  app.get('/start', async (request) => {
    each(request, (session) => {
      for (const [key, value] of Object.entries(cart)) session.set(key, value)
    })
    return 'ok'
  })
  app.get('/none', async () => 'ok')
  app.get('/read', async (request) => each(request, (session) => session.get('user')))
  app.get('/write', async (request) => {
    let next
    each(request, (session) =>
      session.update('count', (count) => {
        next = count + 1
        return next
      })
    )
    return String(next)
  })
  return app
}

const temporary = (name) => mkdtempSync(join(tmpdir(), `bench-${name}-`))

export const ownCookie = () => own()
export const ownCookie2 = () => own(undefined, 2)
export const ownCookie4 = () => own(undefined, 4)
export const ownUnchecked = async () => own(undefined, 1, { schema: z.looseObject({}) })
export const ownMemory = async () => own((await import('../../dist/bundle/index.js')).memoryStore())
export const ownFile = async () =>
  own((await import('../../dist/bundle/index.js')).fileStore({ directory: temporary('file') }))

export async function ownSqlite() {
  const { default: Database } = await import('libsql')
  const { sqliteStore } = await import('../../dist/bundle/stores/sqlite.js')
  const client = new Database(join(temporary('sqlite'), 'sessions.db'))
  client.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  return own(sqliteStore({ client }))
}

export const ownRedis4 = () => ownRedis(4)
export const ownPostgres4 = () => ownPostgres(4)

export async function ownRedis(sessions) {
  const { redisStore } = await import('../../dist/bundle/stores/redis.js')
  return own(redisStore({ client: await redisClient() }), sessions)
}

export async function ownPostgres(sessions) {
  const { default: pg } = await import('pg')
  const { postgresStore } = await import('../../dist/bundle/stores/postgres.js')
  const client = new pg.Pool({ connectionString: process.env.POSTGRES_URL })
  client.on('error', () => {}) // the engine may be stopped before
  return own(postgresStore({ client }), sessions)
}

export async function secureSession() {
  const { default: plugin } = await import('@fastify/secure-session')
  const app = Fastify()
  await app.register(plugin, { key: randomBytes(32), cookie: { path: '/', httpOnly: true, secure: true } })
  routes(app, (request) => request.session)
  return app
}

async function fastifySession(store) {
  const [{ default: cookie }, { default: plugin }] = [await import('@fastify/cookie'), await import('@fastify/session')]
  const app = Fastify()
  await app.register(cookie)
  await app.register(plugin, {
    secret: 'a secret of at least thirty-two characters',
    cookie: { secure: false },
    ...store
  })
  routes(app, (request) => request.session)
  return app
}

export const fastifySessionMemory = () => fastifySession({})

export async function fastifySessionRedis() {
  const { RedisStore } = await import('connect-redis')
  const client = await redisClient()
  return fastifySession({ store: new RedisStore({ client, prefix: 'peer:' }) })
}

export async function ironSession() {
  const { getIronSession } = await import('iron-session')
  const open = ({ raw }, reply) => getIronSession(raw, reply.raw, { password: 'x'.repeat(32), cookieName: 'session' })
  const app = Fastify()
  app.get('/start', async (request, reply) => {
    const session = Object.assign(await open(request, reply), cart)
    await session.save()
    return 'ok'
  })
  app.get('/none', async () => 'ok')
  app.get('/read', async (request, reply) => (await open(request, reply)).user)
  app.get('/write', async (request, reply) => {
    const session = await open(request, reply)
    session.count++
    await session.save()
    return String(session.count)
  })
  return app
}
