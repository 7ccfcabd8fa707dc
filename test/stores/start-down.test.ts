import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import { neon, neonConfig } from '@neondatabase/serverless'
import { Redis as UpstashRedis } from '@upstash/redis'
import { Database } from 'arangojs'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import Fastify from 'fastify'
import { Cluster, Redis } from 'ioredis'
import knex from 'knex'
import { Kysely, PostgresDialect } from 'kysely'
import { MongoClient } from 'mongodb'
import mysql from 'mysql2/promise'
import pg from 'pg'
import postgres from 'postgres'
import { createClient } from 'redis'
import { r } from 'rethinkdb-ts'
import { test } from 'tap'
import sessions from '../../lib/index.js'
import { arangodbStore } from '../../lib/stores/arangodb.js'
import { drizzleStore } from '../../lib/stores/drizzle.js'
import { dynamodbStore } from '../../lib/stores/dynamodb.js'
import { knexStore } from '../../lib/stores/knex.js'
import { kyselyStore } from '../../lib/stores/kysely.js'
import { memcachedStore } from '../../lib/stores/memcached.js'
import { mongodbStore } from '../../lib/stores/mongodb.js'
import { mysqlStore } from '../../lib/stores/mysql.js'
import { postgresStore } from '../../lib/stores/postgres.js'
import { redisStore } from '../../lib/stores/redis.js'
import { rethinkdbStore } from '../../lib/stores/rethinkdb.js'
import { riakStore } from '../../lib/stores/riak.js'
import type { RecordStore } from '../../types/store.js'
import { KEY } from '../client.js'
import { deadPort } from '../servers/process.js'

/** A store whose client goes to a port of this machine, and what ends the client. */
interface Opened {
  readonly store: RecordStore
  close(): unknown
}

/** As an app would make them, with the settings that the drivers have by themselves. */
const stores: Readonly<Record<string, (port: number) => Opened>> = {
  ioredis: (port) => {
    const client = new Redis(port, '127.0.0.1')
    client.on('error', () => {})
    return { store: redisStore({ client }), close: () => client.disconnect() }
  },
  'ioredis Cluster': (port) => {
    const client = new Cluster([{ host: '127.0.0.1', port }])
    client.on('error', () => {})
    return { store: redisStore({ client }), close: () => client.disconnect() }
  },
  'node-redis': (port) => {
    const client = createClient({ url: `redis://127.0.0.1:${port}` })
    client.on('error', () => {})
    client.connect().catch(() => {})
    return { store: redisStore({ client }), close: () => client.destroy() }
  },
  Upstash: (port) => {
    const client = new UpstashRedis({ url: `http://127.0.0.1:${port}`, token: 'secret' })
    return { store: redisStore({ client }), close: () => {} }
  },
  memcached: (port) => {
    const store = memcachedStore({ servers: `127.0.0.1:${port}` })
    return { store, close: () => store.close() }
  },
  mongodb: (port) => {
    const client = new MongoClient(`mongodb://127.0.0.1:${port}`)
    return { store: mongodbStore({ collection: client.db('app').collection('sessions') }), close: () => client.close() }
  },
  pg: (port) => {
    const client = pool(port)
    return { store: postgresStore({ client }), close: () => void client.end() }
  },
  postgres: (port) => {
    const client = postgres(postgresUrl(port))
    return { store: postgresStore({ client }), close: () => client.end({ timeout: 0 }) }
  },
  'neon()': (port) => {
    neonConfig.fetchEndpoint = `http://127.0.0.1:${port}/sql`
    return { store: postgresStore({ client: neon(postgresUrl(port)) }), close: () => {} }
  },
  mysql2: (port) => {
    const client = mysql.createPool(`mysql://user:secret@127.0.0.1:${port}/app`)
    return { store: mysqlStore({ client }), close: () => void client.end().catch(() => {}) }
  },
  Kysely: (port) => {
    const client = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: pool(port) }) })
    return { store: kyselyStore({ client, dialect: 'postgres' }), close: () => void client.destroy() }
  },
  Knex: (port) => {
    const client = knex({ client: 'pg', connection: postgresUrl(port), acquireConnectionTimeout: 5000 })
    return { store: knexStore({ client, dialect: 'postgres' }), close: () => void client.destroy() }
  },
  Drizzle: (port) => {
    const client = pool(port)
    const store = drizzleStore({ client: drizzle(client), sql, dialect: 'postgres' })
    return { store, close: () => void client.end() }
  },
  dynamodb: (port) => {
    const credentials = { accessKeyId: 'none', secretAccessKey: 'secret' }
    const client = new DynamoDB({ region: 'eu-central-1', endpoint: `http://127.0.0.1:${port}`, credentials })
    return { store: dynamodbStore({ client }), close: () => client.destroy() }
  },
  arangodb: (port) => {
    const database = new Database({ url: `http://127.0.0.1:${port}`, auth: { username: 'user', password: 'secret' } })
    return { store: arangodbStore({ collection: database.collection('sessions') }), close: () => database.close() }
  },
  rethinkdb: (port) => {
    // It resolves when there is a connection, and a pool goes on trying.
    r.connectPool({ host: '127.0.0.1', port, waitForHealthy: false }).catch(() => {})
    return { store: rethinkdbStore({ r }), close: () => r.getPoolMaster()?.drain() }
  },
  riak: (port) => ({ store: riakStore({ url: `http://127.0.0.1:${port}` }), close: () => {} })
}

/** Those whose clients keep to themselves where they connect to. */
const withoutAddress = ['neon()', 'Kysely', 'rethinkdb']

test('an engine that is not there stops the start by its name and address', async (t) => {
  for (const [name, refusal] of await refusalsAt(deadPort)) t.match(refusal, told(name, deadPort), name)
})

test('an engine that takes connections and says nothing stops the start no less', async (t) => {
  const silent = await silentServer()
  t.teardown(silent.close)
  for (const [name, refusal] of await refusalsAt(silent.port)) t.match(refusal, told(name, silent.port), name)
})

async function refusalsAt(port: number): Promise<readonly (readonly [name: string, refusal: Error])[]> {
  return Promise.all(Object.entries(stores).map(async ([name, open]) => [name, await refusalOf(open, port)] as const))
}

function told(name: string, port: number) {
  const at = withoutAddress.includes(name) ? '' : ` at 127\\.0\\.0\\.1:${port}`
  return {
    code: 'FST_SESSIONS_STORE_CONFIG',
    message: new RegExp(`^store "main": could not be set up${at}: .+ startWithout: \\["main"\\]$`, 's')
  }
}

/** What the start of an app ends with, by Fastify's own limit of ten seconds: before Fastify gives up without a name. */
async function refusalOf(open: (port: number) => Opened, port: number): Promise<Error> {
  const { store, close } = open(port)
  const app = Fastify()
  app.register(sessions, { keys: [KEY], stores: { main: store }, sessions: {} })
  const refusal = await app.ready().then(
    () => new Error('it started'),
    (error: Error) => error
  )
  await app.close()
  await close()
  return refusal
}

async function silentServer(): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    }
  }
}

function pool(port: number): pg.Pool {
  return new pg.Pool({ connectionString: postgresUrl(port) }).on('error', () => {})
}

function postgresUrl(port: number): string {
  return `postgres://user:secret@127.0.0.1:${port}/app`
}
