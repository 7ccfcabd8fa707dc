import mongodb from '@fastify/mongodb'
import mysql from '@fastify/mysql'
import postgres from '@fastify/postgres'
import redis from '@fastify/redis'
import Fastify, { type FastifyInstance } from 'fastify'
import tap, { type Test } from 'tap'
import { z } from 'zod'
import sessions, { type RecordStore } from '../../lib/index.js'
import { mongodbStore } from '../../lib/stores/mongodb.js'
import { mysqlStore } from '../../lib/stores/mysql.js'
import { postgresStore } from '../../lib/stores/postgres.js'
import { redisStore } from '../../lib/stores/redis.js'
import { Client, KEY } from '../client.js'
import { startMysql } from '../servers/mysql.js'
import { startPostgres } from '../servers/postgres.js'
import { startRedis } from '../servers/redis.js'
import { MongoStandIn } from '../stand-ins/mongodb.js'

/** A plugin that connects to an engine, and the store that is made of what it decorates the app with. */
interface Engine {
  readonly name: string
  connect(app: FastifyInstance): Promise<unknown>
  store(app: FastifyInstance): RecordStore
}

const servers = await Promise.all([startPostgres(), startMysql(), startRedis(), new MongoStandIn().start()])
const [pgServer, mysqlServer, redisServer, mongoServer] = servers
tap.teardown(() => Promise.all([...servers.slice(0, 3).map((server) => server.stop()), mongoServer.stop()]))

const ENGINES: readonly Engine[] = [
  {
    name: '@fastify/postgres',
    connect: async (app) => app.register(postgres, { connectionString: pgServer.url }),
    store: (app) => postgresStore({ client: app.pg.pool })
  },
  {
    name: '@fastify/mysql',
    connect: async (app) => app.register(mysql, { connectionString: mysqlServer.url }),
    store: (app) => mysqlStore({ client: poolOf(app) })
  },
  {
    name: '@fastify/mysql with promises',
    connect: async (app) => app.register(mysql, { connectionString: mysqlServer.url, promise: true }),
    store: (app) => mysqlStore({ client: poolOf(app) })
  },
  {
    name: '@fastify/redis',
    connect: async (app) => app.register(redis, { url: redisServer.url }),
    store: (app) => redisStore({ client: app.redis })
  },
  {
    name: '@fastify/mongodb',
    connect: async (app) => app.register(mongodb, { url: mongoServer.url, database: 'shop' }),
    store: (app) => mongodbStore({ collection: collectionOf(app) })
  }
]

/** Its types ask each app which of the four kinds it is. */
function poolOf(app: FastifyInstance): Parameters<typeof mysqlStore>[0]['client'] {
  return (app as unknown as { mysql: { pool: Parameters<typeof mysqlStore>[0]['client'] } }).mysql.pool
}

function collectionOf(app: FastifyInstance): Parameters<typeof mongodbStore>[0]['collection'] {
  return app.mongo.db?.collection('sessions') as unknown as Parameters<typeof mongodbStore>[0]['collection']
}

async function appWith(t: Test, steps: readonly ((app: FastifyInstance) => unknown)[]): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  for (const step of steps) await step(app)
  app.get('/', async (request) => ({ n: request.session('visit').update('n', (n) => Number(n) + 1) }))
  return app
}

for (const { name, connect, store } of ENGINES) {
  const register = (app: FastifyInstance) =>
    app.register(sessions, {
      keys: [KEY],
      stores: { engine: store },
      sessions: { visit: { store: 'engine', schema: z.object({ n: z.number().default(0) }) } }
    })
  for (const [order, steps] of [
    ['before', [connect, register]],
    ['after', [register, connect]]
  ] as const) {
    tap.test(`a store is made of what ${name} connects to, registered ${order} this plugin`, async (t) => {
      const app = await appWith(t, steps)
      const client = new Client(app)
      await client.get('/')
      t.same(await client.json('/'), { n: 2 })
      const again = client.copy(await appWith(t, steps))
      t.same(await again.json('/'), { n: 3 }, 'another process finds it there')
    })
  }
}
