import { StoreConfigError } from '../../errors.js'
import type { BatchingDialect, Dialect } from './dialect.js'
import { mysqlDialect } from './mysql.js'
import { postgresDialect } from './postgres.js'
import { sqliteDialect } from './sqlite.js'

/** Which SQL to speak: `mysql` is for MariaDB too, `sqlite` for libSQL too. */
export type SqlDialect = 'postgres' | 'mysql' | 'sqlite'

/** Not `sessions`, a name that other libraries use for tables of another shape. */
export const defaultTable = 'fastify_sessions'

const dialects = { postgres: postgresDialect, mysql: mysqlDialect, sqlite: sqliteDialect }

/** @throws StoreConfigError when there is no such dialect, or the table's name can't be one. */
export function dialectOf(name: SqlDialect, table: string = defaultTable): Dialect | BatchingDialect {
  if (!Object.hasOwn(dialects, name)) {
    throw new StoreConfigError('sql', `dialect must be "postgres", "mysql" or "sqlite"; it is ${JSON.stringify(name)}`)
  }
  return dialects[name](table)
}

/**
 * The SQL that creates a store's table and index, for those who run migrations themselves. `setup`, which runs when
 * the app starts, then finds them there and does nothing; it needs no right to create tables.
 *
 * @throws StoreConfigError when there is no such dialect, or the table's name can't be one.
 * @example
 * ```ts
 * await migration.run(schemaSql('postgres', 'auth.sessions'))
 * ```
 */
export function schemaSql(dialect: SqlDialect, table: string = defaultTable): string {
  return `${dialectOf(dialect, table).schema.join(';\n')};\n`
}
