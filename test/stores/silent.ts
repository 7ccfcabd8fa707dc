import type { RecordStore } from '../../lib/index.js'
import { arangodbStore } from '../../lib/stores/arangodb.js'
import { couchbaseStore } from '../../lib/stores/couchbase.js'
import { drizzleStore } from '../../lib/stores/drizzle.js'
import { dynamodbStore } from '../../lib/stores/dynamodb.js'
import { expressStore } from '../../lib/stores/express.js'
import { keyvStore } from '../../lib/stores/keyv.js'
import { knexStore } from '../../lib/stores/knex.js'
import { kyselyStore } from '../../lib/stores/kysely.js'
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

/** Every store with a timeout, made over a client that never answers. */
export const silentStores: Readonly<Record<string, (timeout: number) => RecordStore>> = {
  arangodb: (timeout) =>
    arangodbStore({ collection: silent('document', 'documents', 'exists', 'save', 'ensureIndex'), timeout }),
  couchbase: (timeout) => couchbaseStore({ collection: silent('get', 'insert'), timeout }),
  drizzle: (timeout) => drizzleStore({ client: silent('execute'), sql: () => '', dialect: 'postgres', timeout }),
  dynamodb: (timeout) => {
    const client = silent('getItem', 'putItem', 'updateItem', 'deleteItem', 'batchGetItem', 'describeTable')
    return dynamodbStore({ client: client as never, timeout })
  },
  express: (timeout) => expressStore({ get() {}, set() {}, destroy() {} }, { timeout }),
  keyv: (timeout) => keyvStore({ ...silent('get', 'set', 'delete', 'clear', 'on'), throwOnErrors: true }, { timeout }),
  knex: (timeout) => knexStore({ client: silent('raw'), dialect: 'postgres', timeout }),
  kysely: (timeout) => kyselyStore({ client: silent('executeQuery'), dialect: 'postgres', timeout }),
  mongodb: (timeout) => {
    const collection = { ...silent('updateOne', 'deleteOne', 'createIndex'), namespace: 'app.sessions' }
    const find = () => silent('toArray')
    return mongodbStore({ collection: { ...collection, find, db: { client: {} } } as never, timeout })
  },
  mysql: (timeout) => mysqlStore({ client: silent('execute'), timeout }),
  postgres: (timeout) => postgresStore({ client: silent('query'), timeout }),
  redis: (timeout) => redisStore({ client: { ...silent('get', 'del', 'evalsha', 'eval'), options: {} }, timeout }),
  rethinkdb: (timeout) => rethinkdbStore({ r: silentTerms() as never, timeout }),
  sql: (timeout) => sqlStore({ client: silent('all', 'run'), dialect: 'postgres', timeout }),
  sqlite: (timeout) => sqliteStore({ client: silent('execute'), timeout }),
  typeorm: (timeout) =>
    typeormStore({ client: { createQueryRunner: () => silent('query', 'release') }, dialect: 'postgres', timeout }),
  unstorage: (timeout) => unstorageStore(silent('getItem', 'setItem', 'removeItem', 'getKeys'), { timeout })
}

/** Stores that open their own connections. They have tests of their own, against paused servers. */
export const connectingStores: Readonly<Record<string, (timeout: number) => RecordStore>> = {
  memcached: (timeout) => memcachedStore({ servers: '127.0.0.1:11211', timeout }),
  riak: (timeout) => riakStore({ url: 'http://127.0.0.1:8098', timeout })
}

// biome-ignore lint/suspicious/noExplicitAny: it stands for the client of any driver
function silent(...methods: readonly string[]): any {
  return Object.fromEntries(methods.map((method) => [method, () => new Promise(() => {})]))
}

/** Returns a term of the query language: every member of it is a term too, and running it never resolves. */
function silentTerms(): object {
  const term: object = new Proxy(() => term, {
    get: (_, name) => (name === 'run' ? () => new Promise(() => {}) : term),
    apply: () => term
  })
  return { table: () => term, tableList: () => term, tableCreate: () => term, branch: () => term, db: () => term }
}
