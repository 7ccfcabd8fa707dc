import { StoreConfigError } from '../../errors.js'
import type { BatchingDialect, Dialect } from './dialect.js'
import { mysqlDialect } from './mysql.js'
import { postgresDialect } from './postgres.js'
import { sqliteDialect } from './sqlite.js'

/** The SQL dialect. `mysql` covers MariaDB too, and `sqlite` covers libSQL. */
export type SqlDialect = 'postgres' | 'mysql' | 'sqlite'

/** Other libraries use a table `sessions` with other columns, so the default is another name. */
export const defaultTable = 'fastify_sessions'

const dialects = { postgres: postgresDialect, mysql: mysqlDialect, sqlite: sqliteDialect }

/** @throws StoreConfigError when the dialect is unknown, or the table's name is not allowed. */
export function dialectOf(name: SqlDialect, table: string = defaultTable): Dialect | BatchingDialect {
  if (!Object.hasOwn(dialects, name)) {
    throw new StoreConfigError('sql', `dialect must be "postgres", "mysql" or "sqlite"; it is ${JSON.stringify(name)}`)
  }
  return dialects[name](table)
}

/**
 * Returns the SQL that creates a store's table and index, for apps that run migrations themselves. `setup`, which runs
 * when the app starts, then finds the table and does nothing; it needs no right to create tables.
 *
 * @throws StoreConfigError when the dialect is unknown, or the table's name is not allowed.
 * @example
 * ```ts
 * await migration.run(schemaSql('postgres', 'auth.sessions'))
 * ```
 */
export function schemaSql(dialect: SqlDialect, table: string = defaultTable): string {
  return `${dialectOf(dialect, table).schema.join(';\n')};\n`
}
