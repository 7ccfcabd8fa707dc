import { type BatchingDialect, readingStatements } from './dialect.js'
import type { SqlExecutor, SqlParam, SqlRow } from './executor.js'
import { postgresDialect } from './postgres.js'
import { tableNames } from './table.js'

/** What is used of a `PGlite` of the package `@electric-sql/pglite`, PostgreSQL within the process. */
export interface PgliteClient {
  query(text: string, params: SqlParam[]): Promise<PgliteResults>
  /** Tells it from other clients. */
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
 * PGlite drops a byte order mark that a value begins with (U+FEFF) as it decodes what the engine answers. So a text
 * comes with a dot before it, which `throughPglite` takes off.
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
