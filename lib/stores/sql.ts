import { StoreConfigError } from '../errors.js'
import { kindOf } from './internal/clients.js'
import { storeOptions } from './internal/options.js'
import { dialectOf, type SqlDialect } from './sql/dialects.js'
import type { SqlExecutor } from './sql/executor.js'
import { type SqlStore, storeOver } from './sql/store.js'

export { type SqlDialect, schemaSql } from './sql/dialects.js'
export type { SqlExecutor, SqlParam, SqlRow } from './sql/executor.js'
export type { BatchingSqlStore, SqlStore } from './sql/store.js'

export interface SqlStoreOptions {
  readonly client: SqlExecutor
  readonly dialect: SqlDialect
  /** The table's name, with or without a schema: `auth.sessions`. Default: `'fastify_sessions'`. */
  readonly table?: string
  /** How long a call waits for an answer before it rejects, in milliseconds. Default: 5000. */
  readonly timeout?: number
}

/**
 * Keeps records in PostgreSQL, MySQL, MariaDB or SQLite through any client that sends SQL, for clients that have no
 * store of their own in this package. The client is two functions: `all` resolves to the rows that a statement
 * returned, `run` to the number of rows that it wrote.
 *
 * @throws StoreConfigError when an option can't work.
 * @example
 * ```ts
 * const db = new PGlite('./data')
 * sqlStore({
 *   dialect: 'postgres',
 *   client: {
 *     all: async (text, params) => (await db.query(text, [...params])).rows,
 *     run: async (text, params) => (await db.query(text, [...params])).affectedRows ?? 0
 *   }
 * })
 * ```
 */
export function sqlStore(options: SqlStoreOptions): SqlStore {
  const known = { client: true, dialect: true, table: true, timeout: true } as const
  const { client, dialect, table, timeout } = storeOptions('sql', options, known)
  if (typeof client?.all !== 'function' || typeof client.run !== 'function') {
    throw new StoreConfigError(
      'sql',
      `client must have two functions: all, for rows, and run, for how many were written; it is ${kindOf(client)}`
    )
  }
  return storeOver(client, dialectOf(dialect, table), { store: 'sql', client, timeout })
}
