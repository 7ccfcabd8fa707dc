import { StoreConfigError } from '../errors.js'
import { kindOf } from './internal/clients.js'
import { storeOptions } from './internal/options.js'
import { answers } from './sql/answers.js'
import { dialectOf, type SqlDialect } from './sql/dialects.js'
import type { SqlExecutor, SqlParam } from './sql/executor.js'
import { type SqlStore, storeOver } from './sql/store.js'

export type { SqlDialect } from './sql/dialects.js'
export type { SqlStore } from './sql/store.js'

/** The method of a `Knex` instance that the store uses. */
export interface KnexClient {
  raw(text: string, params: SqlParam[]): PromiseLike<unknown>
}

export interface KnexStoreOptions {
  /** The app's `Knex` instance, with the client `pg`, `mysql2` or `better-sqlite3`. */
  readonly client: KnexClient
  /** The SQL dialect of its database. */
  readonly dialect: SqlDialect
  /** The table's name, with or without a schema: `auth.sessions`. Default: `'fastify_sessions'`. */
  readonly table?: string
  /** How long a call waits for an answer before it rejects, in milliseconds. Default: 5000. */
  readonly timeout?: number
}

/**
 * Keeps records through Knex, in PostgreSQL, MySQL, MariaDB or SQLite, with the promises of `postgresStore`,
 * `mysqlStore` and `sqliteStore`. Knex's client `sqlite3` does not work, because it does not report how many rows a
 * statement has written. Tested with Knex 3.
 *
 * @throws StoreConfigError when an option can't work.
 * @example
 * ```ts
 * const client = knex({ client: 'pg', connection: process.env.DATABASE_URL })
 * const options = defineSessions({ stores: { db: knexStore({ client, dialect: 'postgres' }) }, … })
 * ```
 */
export function knexStore(options: KnexStoreOptions): SqlStore {
  const known = { client: true, dialect: true, table: true, timeout: true } as const
  const { client, dialect, table, timeout } = storeOptions('knex', options, known)
  if (typeof client?.raw !== 'function')
    throw new StoreConfigError('knex', `client must be an instance of Knex; it is ${kindOf(client)}`)
  const statements = dialectOf(dialect, table)
  const { rows, count } = answers[dialect]
  // Knex numbers parameters itself.
  const send = (text: string, params: readonly SqlParam[]) => client.raw(text.replaceAll(/\$\d+/g, '?'), [...params])
  const executor: SqlExecutor = {
    all: async (text, params) => rows(await send(text, params)),
    run: async (text, params) => count(await send(text, params))
  }
  return storeOver(executor, statements, { store: 'knex', client, timeout })
}
