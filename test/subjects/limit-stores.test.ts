import { createClient } from '@libsql/client'
import { Redis } from 'ioredis'
import { open } from 'lmdb'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { fileStore, memoryStore, type RecordStore } from '../../lib/index.js'
import { lmdbStore } from '../../lib/stores/lmdb.js'
import { postgresStore } from '../../lib/stores/postgres.js'
import { redisStore } from '../../lib/stores/redis.js'
import { sqliteStore } from '../../lib/stores/sqlite.js'
import { buildApp, Client } from '../client.js'
import { directoryFor } from '../servers/process.js'
import { startRedis } from '../servers/redis.js'
import { pgPool, postgresEngine, sqliteFile } from '../stores/sql/engines.js'

/** Each gives a store as another process would have it, on the same data. */
const stores: Readonly<Record<string, (t: Test) => Promise<() => RecordStore>>> = {
  memory: async () => {
    const store = memoryStore()
    return () => store
  },
  file: async (t) => {
    const directory = await directoryFor(t, 'limit')
    return () => fileStore({ directory })
  },
  LMDB: async (t) => {
    const store = lmdbStore({ client: open({ path: `${await directoryFor(t, 'limit')}/sessions.mdb` }) })
    return () => store
  },
  SQLite: async (t) => {
    const url = `file:${await sqliteFile()}`
    return () => {
      const client = createClient({ url })
      t.teardown(() => client.close())
      return sqliteStore({ client })
    }
  },
  Redis: async (t) => {
    const server = await startRedis()
    t.teardown(() => server.stop())
    return () => {
      const client = new Redis(server.url)
      t.teardown(() => client.disconnect())
      return redisStore({ client })
    }
  },
  PostgreSQL: async (t) => {
    const { url } = await postgresEngine()
    return () => {
      const client = pgPool(url, { max: 5 })
      t.teardown(() => client.end())
      return postgresStore({ client })
    }
  }
}

const PAIRS = 30

for (const [engine, prepare] of Object.entries(stores)) {
  t.test(engine, async (t) => {
    const opened = await prepare(t)
    for (const then of ['end-oldest', 'refuse'] as const) {
      t.test(`${then}: of each of ${PAIRS} pairs of parallel sign-ins one is in, and the limit is held`, async (t) => {
        for (const sessions of [1, 3]) {
          const apps = await Promise.all([0, 1].map(() => appOn(t, opened(), { sessions, then })))
          const results = await Promise.all(
            Array.from({ length: PAIRS }, (_, pair) => runPair(apps as [Client['app'], Client['app']], sessions, pair))
          )
          const outcomes = new Set(results.map((result) => JSON.stringify(result)))
          const [refused, ended] = then === 'refuse' ? [1, 0] : [0, 1]
          t.same(
            [...outcomes],
            [
              JSON.stringify({
                refused,
                ended,
                isPairIn: 2 - refused - Number(sessions === 1) * ended,
                listed: sessions
              })
            ]
          )
        }
      })
    }
  })
}

async function appOn(t: Test, store: RecordStore, limit: { sessions: number; then: 'end-oldest' | 'refuse' }) {
  const schema = z.object({ user: z.string().optional() })
  const app = await buildApp(t, { stores: { store }, sessions: { login: { store: 'store', schema, limit } } })
  app.get('/in/:user', async (request) => {
    const { user } = request.params as { user: string }
    request.session('login').regenerate().identify(user).set('user', user)
  })
  app.get('/who', async (request) => request.session('login').get('user') ?? 'nobody')
  await app.ready()
  return app
}

/** One short of the limit, two sign in at once, each at a process of its own. */
async function runPair(apps: readonly [Client['app'], Client['app']], sessions: number, pair: number) {
  const user = `user-${sessions}-${pair}-${Math.random()}`
  const earlier = Array.from({ length: sessions - 1 }, () => new Client(apps[0]))
  for (const client of earlier) await client.get(`/in/${user}`)
  const two = apps.map((app) => new Client(app))
  const statuses = await Promise.all(two.map(async (client) => (await client.get(`/in/${user}`)).statusCode))
  const isIn = async (client: Client) => (await client.get('/who')).body === user
  const countIn = async (clients: readonly Client[]) => (await Promise.all(clients.map(isIn))).filter(Boolean).length
  const [before, after] = [await countIn(earlier), await countIn(two)]
  const refused = statuses.filter((status) => status === 409).length
  return {
    refused,
    ended: sessions + 1 - refused - before - after,
    isPairIn: after,
    listed: (await apps[1].sessions.of(user)).length
  }
}
