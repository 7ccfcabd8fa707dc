import { StoreConfigError } from '../errors.js'
import { kindOf } from './internal/clients.js'
import { storeOptions } from './internal/options.js'
import { dialectOf, type SqlDialect } from './sql/dialects.js'
import type { SqlExecutor, SqlParam, SqlRow } from './sql/executor.js'
import { type SqlStore, storeOver } from './sql/store.js'

export type { SqlDialect } from './sql/dialects.js'
export type { SqlStore } from './sql/store.js'

/** The method of a `DataSource` that the store uses. */
export interface TypeormClient {
  createQueryRunner(): TypeormQueryRunner
}

export interface TypeormQueryRunner {
  query(text: string, params: SqlParam[], structured: true): Promise<TypeormResult>
  release(): Promise<void>
}

export interface TypeormResult {
  readonly records: readonly unknown[]
  readonly affected?: number
}

export interface TypeormStoreOptions {
  /** The app's `DataSource`, initialized before the app is ready. */
  readonly client: TypeormClient
  /** The SQL dialect of its database. */
  readonly dialect: SqlDialect
  /** The table's name, with or without a schema: `auth.sessions`. Default: `'fastify_sessions'`. */
  readonly table?: string
  /** How long a call waits for an answer before it rejects, in milliseconds. Default: 5000. */
  readonly timeout?: number
}

/**
 * Keeps records through TypeORM, in PostgreSQL, MySQL, MariaDB or SQLite (its type `better-sqlite3`), with the promises
 * of `postgresStore`, `mysqlStore` and `sqliteStore`. The table is not an entity, so `synchronize` leaves it alone.
 * Tested with TypeORM 1.1.
 *
 * @throws StoreConfigError when an option can't work.
 * @example
 * ```ts
 * const dataSource = await new DataSource({ type: 'postgres', url: process.env.DATABASE_URL }).initialize()
 * const options = defineSessions({ stores: { db: typeormStore({ client: dataSource, dialect: 'postgres' }) }, … })
 * ```
 */
export function typeormStore(options: TypeormStoreOptions): SqlStore {
  const known = { client: true, dialect: true, table: true, timeout: true } as const
  const { client, dialect, table, timeout } = storeOptions('typeorm', options, known)
  if (typeof client?.createQueryRunner !== 'function') {
    throw new StoreConfigError('typeorm', `client must be a DataSource of TypeORM; it is ${kindOf(client)}`)
  }
  return storeOver(throughTypeorm(client), dialectOf(dialect, table), { store: 'typeorm', client, timeout })
}

function throughTypeorm(client: TypeormClient): SqlExecutor {
  return {
    all: async (text, params) => (await send(client, text, params)).records as readonly SqlRow[],
    run: async (text, params) => (await send(client, text, params)).affected
  }
}

/** Uses a query runner, because `DataSource.query` does not report how many rows were written. */
async function send(client: TypeormClient, text: string, params: readonly SqlParam[]): Promise<TypeormResult> {
  const runner = client.createQueryRunner()
  try {
    return await runner.query(text, [...params], true)
  } finally {
    await runner.release()
  }
}
