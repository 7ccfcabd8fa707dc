import { StoreConfigError } from '../errors.js'
import { kindOf } from './internal/clients.js'
import { storeOptions } from './internal/options.js'
import { defaultTable } from './sql/dialects.js'
import type { SqlExecutor, SqlParam, SqlRow } from './sql/executor.js'
import { mysqlDialect } from './sql/mysql.js'
import { type SqlStore, storeOver } from './sql/store.js'

export type { SqlStore } from './sql/store.js'

/** What is used of a pool of `mysql2/promise`. */
export interface MysqlPromiseClient {
  execute(text: string, params: SqlParam[]): Promise<readonly [unknown, unknown]>
}

/** What is used of a pool of `mysql2`. */
export interface MysqlCallbackClient {
  promise(): MysqlPromiseClient
}

export interface MysqlStoreOptions {
  /** A pool of the package `mysql2`, made by `mysql2/promise` or by `mysql2`. */
  readonly client: MysqlPromiseClient | MysqlCallbackClient
  /** With or without a database: `auth.sessions`. Default: `'fastify_sessions'`. */
  readonly table?: string
  /** How long to wait for an answer, in milliseconds, before a call rejects. Default: 5000. */
  readonly timeout?: number
}

/**
 * Keeps records in a table of MySQL 8 or MariaDB 10.5, or newer. Statements are prepared, once for each connection.
 * `setup` creates the table where it is missing; `sweep` removes what has expired.
 * Tested with MariaDB 10.11 and 11.8, and with MySQL 9.7.
 *
 * Several records are read by one statement, also those that several requests read in one turn of the event loop.
 * Several writes are as many statements, sent at once over the pool's connections: neither engine can tell, of several
 * writes in one statement, which ones were done, so the store has no `saveMany`. An id whose record has expired takes
 * two or three statements to create anew, any other id one.
 *
 * @throws StoreConfigError when the client is of neither kind, or the table's name can't be one.
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

function promiseClient(client: MysqlPromiseClient | MysqlCallbackClient): MysqlPromiseClient {
  if (client && typeof client === 'object' && 'promise' in client && typeof client.promise === 'function')
    return client.promise()
  if (client && typeof client === 'object' && isDecorator(client)) {
    throw new StoreConfigError('mysql', 'client must be the pool itself: of @fastify/mysql, app.mysql.pool')
  }
  if (client && typeof client === 'object' && 'execute' in client && typeof client.execute === 'function') return client
  throw new StoreConfigError('mysql', `client must be a pool of the package "mysql2"; it is ${kindOf(client)}`)
}

/** `app.mysql` has the methods of its pool, and of either kind: those with callbacks would never answer a promise. */
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
