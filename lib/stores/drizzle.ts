import { StoreConfigError } from '../errors.js'
import { kindOf } from './internal/clients.js'
import { storeOptions } from './internal/options.js'
import { answers } from './sql/answers.js'
import { dialectOf, type SqlDialect } from './sql/dialects.js'
import type { SqlExecutor, SqlParam } from './sql/executor.js'
import { type SqlStore, storeOver } from './sql/store.js'

export type { SqlDialect } from './sql/dialects.js'
export type { SqlStore } from './sql/store.js'

/**
 * The methods of a Drizzle database that the store uses: `execute` for PostgreSQL or MySQL, `all` and `run` for SQLite.
 */
export interface DrizzleClient<Query> {
  execute?(query: Query): unknown
  all?(query: Query): unknown
  run?(query: Query): unknown
}

/** The tag function `sql` of Drizzle. */
export type DrizzleSql<Query> = (strings: TemplateStringsArray, ...params: SqlParam[]) => Query

export interface DrizzleStoreOptions<Query> {
  /** The app's database, which `drizzle()` returned. */
  readonly client: DrizzleClient<Query>
  /** The `sql` of the package `drizzle-orm`. */
  readonly sql: DrizzleSql<Query>
  /** The SQL dialect of the database. */
  readonly dialect: SqlDialect
  /** The table's name, with or without a schema: `auth.sessions`. Default: `'fastify_sessions'`. */
  readonly table?: string
  /** How long a call waits for an answer before it rejects, in milliseconds. Default: 5000. */
  readonly timeout?: number
}

/**
 * Keeps records through Drizzle, in PostgreSQL, MySQL, MariaDB or SQLite, with the promises of `postgresStore`,
 * `mysqlStore` and `sqliteStore`. Tested with Drizzle 0.45 over pg, postgres, mysql2, libsql and @libsql/client.
 *
 * @throws StoreConfigError when an option can't work.
 * @example
 * ```ts
 * import { sql } from 'drizzle-orm'
 * const db = drizzle(process.env.DATABASE_URL)
 * const options = defineSessions({ stores: { db: drizzleStore({ client: db, sql, dialect: 'postgres' }) }, … })
 * ```
 */
export function drizzleStore<Query>(options: DrizzleStoreOptions<Query>): SqlStore {
  const known = { client: true, sql: true, dialect: true, table: true, timeout: true } as const
  const { client, sql, dialect, table, timeout } = storeOptions('drizzle', options, known)
  const statements = dialectOf(dialect, table)
  if (typeof sql !== 'function')
    throw new StoreConfigError('drizzle', 'sql must be the sql of the package "drizzle-orm"')
  const { all, run } = methodsOf(client, dialect)
  const { rows, count } = answers[dialect]
  const query = (text: string, params: readonly SqlParam[]) => sql(templateOf(text), ...params)
  const executor: SqlExecutor = {
    all: async (text, params) => rows(await all(query(text, params))),
    run: async (text, params) => count(await run(query(text, params)))
  }
  return storeOver(executor, statements, { store: 'drizzle', client, timeout })
}

type Method<Query> = (query: Query) => unknown

/** @throws StoreConfigError when the client lacks the methods of the dialect */
function methodsOf<Query>(
  client: DrizzleClient<Query>,
  dialect: SqlDialect
): { readonly all: Method<Query>; readonly run: Method<Query> } {
  const [all, run] = dialect === 'sqlite' ? [client?.all, client?.run] : [client?.execute, client?.execute]
  if (typeof all !== 'function' || typeof run !== 'function') {
    throw new StoreConfigError(
      'drizzle',
      `client must be what drizzle() returned, for a database of ${dialect}; it is ${kindOf(client)}`
    )
  }
  return { all: all.bind(client), run: run.bind(client) }
}

/** Splits a statement at its placeholders into the strings that a tag function receives. */
function templateOf(text: string): TemplateStringsArray {
  const strings = text.split(/\?|\$\d+/)
  return Object.assign(strings, { raw: strings })
}
