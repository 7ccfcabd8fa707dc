import { join } from 'node:path'
import { Redis } from 'ioredis'
import Database from 'libsql'
import pg from 'pg'
import type { Test } from 'tap'
import type { RecordStore } from '../../lib/index.js'
import { postgresStore } from '../../lib/stores/postgres.js'
import { redisStore } from '../../lib/stores/redis.js'
import { sqliteStore } from '../../lib/stores/sqlite.js'
import { startPostgres } from '../servers/postgres.js'
import { directoryFor } from '../servers/process.js'
import { startRedis } from '../servers/redis.js'

/** Packages that the module below imports. */
export const ENGINES = ['libsql', 'ioredis', 'pg']

/** A module of an app whose store the environment says: \`STORE\` which, and \`AT\` where. */
export const ENGINE_MODULE = `import { fileStore } from 'fastify-sessions'
import { postgresStore } from 'fastify-sessions/stores/postgres'
import { redisStore } from 'fastify-sessions/stores/redis'
import { sqliteStore } from 'fastify-sessions/stores/sqlite'
import { Redis } from 'ioredis'
import Database from 'libsql'
import pg from 'pg'

const { STORE = 'file', AT = 'records' } = process.env
const engines = {
  file: () => fileStore({ directory: AT }),
  sqlite: () => sqliteStore({ client: new Database(AT) }),
  redis: () => redisStore({ client: new Redis(AT) }),
  postgres: () => postgresStore({ client: new pg.Pool({ connectionString: AT }) })
}
export const engine = engines[STORE]()

/** The same with methods of its own. */
export const around = (own) => ({
  kind: 'record',
  setup: () => engine.setup(),
  read: (id, options) => engine.read(id, options),
  create: (...all) => engine.create(...all),
  update: (...all) => engine.update(...all),
  touch: (...all) => engine.touch(...all),
  remove: (id) => engine.remove(id),
  list: (options) => engine.list(options),
  close: () => engine.close?.(),
  ...own
})
`

type Open = (t: Test) => Promise<readonly [store: RecordStore, at: string]>

/** Opens a store on an engine of its own, beside the one of that module. */
export const servers: Readonly<Record<string, Open>> = {
  sqlite: async (t) => {
    const path = join(await directoryFor(t, 'engine'), 'records.db')
    const client = new Database(path)
    t.teardown(() => client.close())
    return [sqliteStore({ client }), path]
  },
  redis: async (t) => {
    const { url, stop } = await startRedis()
    const client = new Redis(url)
    t.teardown(async () => {
      client.disconnect()
      await stop()
    })
    return [redisStore({ client }), url]
  },
  postgres: async (t) => {
    const { url, stop } = await startPostgres()
    const client = new pg.Pool({ connectionString: url })
    client.on('error', () => {})
    t.teardown(async () => {
      await client.end()
      await stop()
    })
    return [postgresStore({ client }), url]
  }
}
