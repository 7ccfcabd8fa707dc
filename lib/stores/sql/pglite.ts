import { type BatchingDialect, readingStatements } from './dialect.js'
import type { SqlExecutor, SqlParam, SqlRow } from './executor.js'
import { postgresDialect } from './postgres.js'
import { tableNames } from './table.js'

/** The methods of a `PGlite` (PostgreSQL within the process, package `@electric-sql/pglite`) that the store uses. */
export interface PgliteClient {
  query(text: string, params: SqlParam[]): Promise<PgliteResults>
  /** Distinguishes a `PGlite` from other clients. */
  runExclusive(...args: never): unknown
}

interface PgliteResults {
  readonly rows: readonly SqlRow[]
  readonly affectedRows?: number | undefined
}

export function isPglite(client: object): client is PgliteClient {
  return 'query' in client && 'runExclusive' in client
}

/**
 * The dialect of PostgreSQL for PGlite. When PGlite decodes an answer it drops a byte order mark (U+FEFF) at the start
 * of a value. So statements return texts with a dot in front, which `throughPglite` removes.
 */
export function pgliteDialect(name: string): BatchingDialect {
  const { table } = tableNames(name, '"')
  return { ...postgresDialect(name), ...readingStatements(table, "'.' || text AS text") }
}

export function throughPglite(client: PgliteClient): SqlExecutor {
  const send = (text: string, params: readonly SqlParam[]) => client.query(text, [...params])
  return {
    all: async (text, params) => (await send(text, params)).rows.map(withoutDot),
    run: async (text, params) => (await send(text, params)).affectedRows
  }
}

function withoutDot(row: SqlRow): SqlRow {
  return 'text' in row ? { ...row, text: String(row['text']).slice(1) } : row
}
