import { StoreConfigError } from '../errors.js'
import { kindOf } from './internal/clients.js'
import { storeOptions } from './internal/options.js'
import { defaultTable } from './sql/dialects.js'
import type { SqlExecutor, SqlParam, SqlRow } from './sql/executor.js'
import { mysqlDialect } from './sql/mysql.js'
import { type SqlStore, storeOver } from './sql/store.js'

export type { SqlStore } from './sql/store.js'

/** The method of a pool of `mysql2/promise` that the store uses. */
export interface MysqlPromiseClient {
  execute(text: string, params: SqlParam[]): Promise<readonly [unknown, unknown]>
}

/** The method of a pool of `mysql2` that the store uses. */
export interface MysqlCallbackClient {
  promise(): MysqlPromiseClient
}

export interface MysqlStoreOptions {
  /** A pool of the package `mysql2`, made by `mysql2/promise` or by `mysql2`. */
  readonly client: MysqlPromiseClient | MysqlCallbackClient
  /** The table's name, with or without a database: `auth.sessions`. Default: `'fastify_sessions'`. */
  readonly table?: string
  /** How long a call waits for an answer before it rejects, in milliseconds. Default: 5000. */
  readonly timeout?: number
}

/**
 * Keeps records in a table of MySQL 8 or MariaDB 10.5, or newer. Statements are prepared, once for each connection.
 * `setup` creates the table if it is missing; `sweep` removes expired records. Tested with MariaDB 10.11 and 11.8, and
 * with MySQL 9.7.
 *
 * One statement reads several records, including those that several requests read in one turn of the event loop. Each
 * write is a statement of its own, and several are sent at once over the pool's connections: neither engine can report
 * which of several writes in one statement had an effect, so the store has no `saveMany`. Creating a record takes one
 * statement, or two to three if an expired record has the id.
 *
 * @throws StoreConfigError when the client is of neither kind, or the table's name is not allowed.
 * @example
 * ```ts
 * const pool = mysql.createPool({ uri: process.env.DATABASE_URL })
 * const options = defineSessions({ stores: { mysql: mysqlStore({ client: pool }) }, … })
 * ```
 */
export function mysqlStore(options: MysqlStoreOptions): SqlStore {
  const known = { client: true, table: true, timeout: true } as const
  const { client, table = defaultTable, timeout } = storeOptions('mysql', options, known)
  return storeOver(throughMysql2(promiseClient(client)), mysqlDialect(table), { store: 'mysql', client, timeout })
}

/** @throws StoreConfigError when it is no pool of mysql2 */
function promiseClient(client: MysqlPromiseClient | MysqlCallbackClient): MysqlPromiseClient {
  if (client && typeof client === 'object' && 'promise' in client && typeof client.promise === 'function')
    return client.promise()
  if (client && typeof client === 'object' && isDecorator(client)) {
    throw new StoreConfigError('mysql', 'client must be the pool itself: of @fastify/mysql, app.mysql.pool')
  }
  if (client && typeof client === 'object' && 'execute' in client && typeof client.execute === 'function') return client
  throw new StoreConfigError('mysql', `client must be a pool of the package "mysql2"; it is ${kindOf(client)}`)
}

/**
 * Whether the client is the `app.mysql` of @fastify/mysql, which has some methods of its pool. They may be the ones
 * with callbacks, which would never resolve a promise.
 */
function isDecorator(client: object): boolean {
  return (
    ('pool' in client || 'connection' in client) && 'escapeId' in client && !('config' in client) && !('on' in client)
  )
}

function throughMysql2(client: MysqlPromiseClient): SqlExecutor {
  const send = async (text: string, params: readonly SqlParam[]) => (await client.execute(text, [...params]))[0]
  return {
    all: async (text, params) => (await send(text, params)) as readonly SqlRow[],
    run: async (text, params) => ((await send(text, params)) as { readonly affectedRows: number }).affectedRows
  }
}
