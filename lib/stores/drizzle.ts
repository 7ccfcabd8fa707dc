import { StoreConfigError } from '../errors.js'
import { kindOf } from './internal/clients.js'
import { storeOptions } from './internal/options.js'
import { answers } from './sql/answers.js'
import { dialectOf, type SqlDialect } from './sql/dialects.js'
import type { SqlExecutor, SqlParam } from './sql/executor.js'
import { type SqlStore, storeOver } from './sql/store.js'

export type { SqlDialect } from './sql/dialects.js'
export type { SqlStore } from './sql/store.js'

/** What is used of a Drizzle database: `execute` of one for PostgreSQL or MySQL, `all` and `run` of one for SQLite. */
export interface DrizzleClient<Query> {
  execute?(query: Query): unknown
  all?(query: Query): unknown
  run?(query: Query): unknown
}

/** What is used of Drizzle's `sql`: that it is a template's tag. */
export type DrizzleSql<Query> = (strings: TemplateStringsArray, ...params: SqlParam[]) => Query

export interface DrizzleStoreOptions<Query> {
  /** The app's database: what `drizzle()` returned. */
  readonly client: DrizzleClient<Query>
  /** The `sql` of the package `drizzle-orm`. */
  readonly sql: DrizzleSql<Query>
  /** Which SQL the database speaks. */
  readonly dialect: SqlDialect
  /** With or without a schema: `auth.sessions`. Default: `'fastify_sessions'`. */
  readonly table?: string
  /** How long to wait for an answer, in milliseconds, before a call rejects. Default: 5000. */
  readonly timeout?: number
}

/**
 * Keeps records through Drizzle, in PostgreSQL, MySQL, MariaDB or SQLite, as `postgresStore`, `mysqlStore` and
 * `sqliteStore` do. Tested with Drizzle 0.45 over pg, postgres, mysql2, libsql and @libsql/client.
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

/** The text, cut where its parameters stand, as a template's tag gets it. */
function templateOf(text: string): TemplateStringsArray {
  const strings = text.split(/\?|\$\d+/)
  return Object.assign(strings, { raw: strings })
}
