import { Redis as UpstashRedis } from '@upstash/redis'
import mongoose from 'mongoose'
import { test } from 'tap'
import { arangodbStore } from '../../lib/stores/arangodb.js'
import { couchbaseStore } from '../../lib/stores/couchbase.js'
import { drizzleStore } from '../../lib/stores/drizzle.js'
import { dynamodbStore } from '../../lib/stores/dynamodb.js'
import { expressStore } from '../../lib/stores/express.js'
import { keyvStore } from '../../lib/stores/keyv.js'
import { knexStore } from '../../lib/stores/knex.js'
import { kyselyStore } from '../../lib/stores/kysely.js'
import { mongodbStore } from '../../lib/stores/mongodb.js'
import { mysqlStore } from '../../lib/stores/mysql.js'
import { postgresStore } from '../../lib/stores/postgres.js'
import { redisStore } from '../../lib/stores/redis.js'
import { rethinkdbStore } from '../../lib/stores/rethinkdb.js'
import { sqlStore } from '../../lib/stores/sql.js'
import { sqliteStore } from '../../lib/stores/sqlite.js'
import { typeormStore } from '../../lib/stores/typeorm.js'
import { unstorageStore } from '../../lib/stores/unstorage.js'
import { exactly } from '../exactly.js'

/** Every store that is given a client, as a function of it. */
const stores: Readonly<Record<string, (client: never) => unknown>> = {
  arangodb: (collection) => arangodbStore({ collection }),
  couchbase: (collection) => couchbaseStore({ collection }),
  drizzle: (client) => drizzleStore({ client, sql: () => '', dialect: 'postgres' }),
  dynamodb: (client) => dynamodbStore({ client }),
  express: (store) => expressStore(store),
  keyv: (keyv) => keyvStore(keyv),
  knex: (client) => knexStore({ client, dialect: 'postgres' }),
  kysely: (client) => kyselyStore({ client, dialect: 'postgres' }),
  mongodb: (collection) => mongodbStore({ collection }),
  mysql: (client) => mysqlStore({ client }),
  postgres: (client) => postgresStore({ client }),
  redis: (client) => redisStore({ client }),
  rethinkdb: (r) => rethinkdbStore({ r }),
  sql: (client) => sqlStore({ client, dialect: 'postgres' }),
  sqlite: (client) => sqliteStore({ client }),
  typeorm: (client) => typeormStore({ client, dialect: 'postgres' }),
  unstorage: (storage) => unstorageStore(storage)
}

class Client {}
const wrong: readonly [given: unknown, told: RegExp][] = [
  [undefined, /undefined: was it made, and exported\?$/],
  [null, /null$/],
  ['redis://user:secret@localhost', /a URL: make a client of it first$/],
  [Promise.resolve(new Client()), /a promise: await it first$/],
  [Client, /the class Client itself: make a client of it, by new Client\(…\)$/],
  [new Client(), /an object of the class Client$/],
  [await import('node:path'), /a module: use what it exports to make a client$/]
]

for (const [name, store] of Object.entries(stores)) {
  test(`${name}: what is no client is refused, and told what it is`, async (t) => {
    for (const [given, told] of wrong) {
      t.throws(() => store(given as never), { code: 'FST_SESSIONS_STORE_CONFIG', message: told })
    }
  })
}

test("a collection of Mongoose is refused with how to get at the driver's", async (t) => {
  const connection = mongoose.createConnection()
  t.throws(() => mongodbStore({ collection: connection.collection('sessions') as never }), {
    code: 'FST_SESSIONS_STORE_CONFIG',
    message: exactly(
      'store "mongodb": collection must be a Collection of the package "mongodb"; of Mongoose, give connection.getClient().db().collection(name)'
    )
  })
})

test('a client of Upstash is not taken for one of ioredis', async (t) => {
  t.doesNotThrow(() => redisStore({ client: new UpstashRedis({ url: 'http://127.0.0.1:2', token: 'x' }) }))
})
