/**
 * `node users.js 10,1000,100000 [memory,sqlite,file,redis,postgres]`: what one user with so many live sessions costs the
 * app's process on each store, in ms of processor time: a sign-in (the median of forty), the first fifty of the list (the
 * median of five), the whole list, and ending them all.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import Database from 'libsql'
import pg from 'pg'
import { createClient } from 'redis'
import { z } from 'zod'
import sessions, { fileStore, memoryStore } from '../../dist/bundle/index.js'
import { postgresStore } from '../../dist/bundle/stores/postgres.js'
import { redisStore } from '../../dist/bundle/stores/redis.js'
import { sqliteStore } from '../../dist/bundle/stores/sqlite.js'
import { startEngines } from '../engines.js'

const sizes = (process.argv[2] ?? '10,1000,100000').split(',').map(Number)
const only = process.argv[3]?.split(',')
const stopEngines = await startEngines()
const directory = mkdtempSync(join(tmpdir(), 'users-'))
const hash = (text) => createHash('sha256').update(text).digest('base64url')
const DAY = 86_400_000

const engines = {
  memory: async () => ({ store: memoryStore() }),
  sqlite: async () => {
    const client = new Database(join(directory, 'sessions.db'))
    client.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    return { store: sqliteStore({ client }), close: () => client.close() }
  },
  file: async () => ({ store: fileStore({ directory: join(directory, 'files') }) }),
  redis: async () => {
    if (!process.env.REDIS_URL) return undefined
    const client = createClient({ url: process.env.REDIS_URL })
    await client.connect()
    return { store: redisStore({ client, prefix: 'users:' }), close: () => client.destroy() }
  },
  postgres: async () => {
    if (!process.env.POSTGRES_URL) return undefined
    const client = new pg.Pool({ connectionString: process.env.POSTGRES_URL })
    return { store: postgresStore({ client, table: 'users' }), close: () => client.end() }
  }
}

const results = {}
for (const [name, open] of Object.entries(engines)) {
  if (only && !only.includes(name)) continue
  const engine = await open()
  // startEngines() has said why.
  if (engine === undefined) continue
  const app = await appOn(engine.store)
  // What is compiled on the way is not to be charged to the first.
  await measured(app, engine.store, 300)
  results[name] = {}
  for (const size of sizes) results[name][size] = await measured(app, engine.store, size)
  await app.close()
  await engine.close?.()
}
rmSync(directory, { recursive: true })
await stopEngines()
process.stdout.write(JSON.stringify(results), () => process.exit())

async function appOn(store) {
  const app = Fastify()
  const login = { store: 'store', schema: z.object({ user: z.string().optional() }) }
  await app.register(sessions, {
    keys: [randomBytes(32)],
    stores: { store },
    sessions: { login },
    sweepInterval: 0
  })
  app.get('/in', async (request) => request.session('login').regenerate().identify('ann').set('user', 'ann').id)
  await app.ready()
  return app
}

async function measured(app, store, size) {
  await signedIn(store, size)
  await timed(() => app.inject('/in'))
  const signIns = []
  for (let each = 0; each < 40; each++) signIns.push(await timed(() => app.inject('/in')))
  const parts = []
  for (let each = 0; each < 5; each++) parts.push(await timed(() => app.sessions.of('ann', { limit: 50 })))
  return {
    signIn: median(signIns),
    firstFifty: median(parts),
    list: await timed(() => app.sessions.of('ann')),
    revoke: await timed(() => app.sessions.revoke('ann'))
  }
}

/** As they are when each has signed in by itself: records, and one index, which the first sign-in divides into pages. */
async function signedIn(store, size) {
  const now = Date.now()
  const ids = Array.from({ length: size }, () => randomBytes(32).toString('base64url'))
  const began = (at) => now - 120_000 - (size - at)
  const index = Object.fromEntries(ids.map((id, at) => [id, ['login', began(at) + 90 * DAY, began(at)]]))
  const at = hash('subject ann')
  await store.remove(at)
  await store.create(at, JSON.stringify(index), now + 90 * DAY)
  for (let from = 0; from < size; from += 500) {
    const text = (at) => `{"c":${began(at)},"s":"ann","p":{\n"user":"ann"\n}}`
    const some = ids.slice(from, from + 500)
    const expires = now + 14 * DAY
    await store.saveMany(some.map((id, at) => ({ kind: 'create', id, text: text(from + at), expires })))
  }
}

/** Of processor time of this process, in ms: a machine that is busy with other things makes it no longer. */
async function timed(run) {
  const begin = process.cpuUsage()
  const answer = await run()
  const { user, system } = process.cpuUsage(begin)
  if (answer?.statusCode > 299) throw new Error(answer.body)
  return (user + system) / 1000
}

function median(times) {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]
}
