import { test } from 'tap'
import { fileStore, memoryStore } from '../../lib/index.js'
import { arangodbStore } from '../../lib/stores/arangodb.js'
import { cached } from '../../lib/stores/cached.js'
import { couchbaseStore } from '../../lib/stores/couchbase.js'
import { drizzleStore } from '../../lib/stores/drizzle.js'
import { dynamodbStore } from '../../lib/stores/dynamodb.js'
import { encrypted } from '../../lib/stores/encrypted.js'
import { knexStore } from '../../lib/stores/knex.js'
import { kyselyStore } from '../../lib/stores/kysely.js'
import { lmdbStore } from '../../lib/stores/lmdb.js'
import { memcachedStore } from '../../lib/stores/memcached.js'
import { mongodbStore } from '../../lib/stores/mongodb.js'
import { mysqlStore } from '../../lib/stores/mysql.js'
import { postgresStore } from '../../lib/stores/postgres.js'
import { redisStore } from '../../lib/stores/redis.js'
import { rethinkdbStore } from '../../lib/stores/rethinkdb.js'
import { riakStore } from '../../lib/stores/riak.js'
import { sqlStore } from '../../lib/stores/sql.js'
import { sqliteStore } from '../../lib/stores/sqlite.js'
import { typeormStore } from '../../lib/stores/typeorm.js'
import { unstorageStore } from '../../lib/stores/unstorage.js'

const storage = { getItem() {}, getKeys() {} }

/** Every store that takes options, as a function of nothing but these. */
const stores: Readonly<Record<string, (options: never) => unknown>> = {
  arangodb: arangodbStore,
  cached: (options) => cached(memoryStore(), options),
  couchbase: couchbaseStore,
  drizzle: drizzleStore,
  dynamodb: dynamodbStore,
  encrypted: (options) => encrypted(memoryStore(), options),
  file: fileStore,
  knex: knexStore,
  kysely: kyselyStore,
  lmdb: lmdbStore,
  memcached: memcachedStore,
  memory: memoryStore,
  mongodb: mongodbStore,
  mysql: mysqlStore,
  postgres: postgresStore,
  redis: redisStore,
  rethinkdb: rethinkdbStore,
  riak: riakStore,
  sql: sqlStore,
  sqlite: sqliteStore,
  typeorm: typeormStore,
  unstorage: (options) => unstorageStore(storage as never, options)
}

for (const [name, store] of Object.entries(stores)) {
  test(`${name}: options that are none, or misspelt, are refused by their name`, async (t) => {
    const code = 'FST_SESSIONS_STORE_CONFIG'
    for (const none of [null, 'redis://localhost', 5]) {
      t.throws(() => store(none as never), {
        code,
        message: new RegExp(`^store "${name}": expected an object of options, got [a-z]+$`)
      })
    }
    t.throws(() => store({ prefiks: 'a' } as never), {
      code,
      message: new RegExp(`^store "${name}": there is no option "prefiks"; there are \\w`)
    })
  })
}
