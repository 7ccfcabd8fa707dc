import type { SqlDialect } from './dialects.js'
import type { SqlRow } from './executor.js'

/** What a driver answered, as it comes out of a query builder that passes it on. */
export interface Answer {
  readonly rows?: readonly SqlRow[]
  readonly rowCount?: number | null
  readonly count?: number
  readonly affectedRows?: number
  readonly changes?: number
  readonly rowsAffected?: number
}

interface Reader {
  rows(answer: unknown): readonly SqlRow[]
  count(answer: unknown): number | null | undefined
}

/** How the drivers of each engine answer. */
export const answers: Readonly<Record<SqlDialect, Reader>> = {
  /** `pg`: a result with the rows in it; `postgres`: rows that have a count. */
  postgres: {
    rows: (answer) => (Array.isArray(answer) ? answer : ((answer as Answer).rows ?? [])),
    count: (answer) => (answer as Answer).count ?? (answer as Answer).rowCount
  },
  /** `mysql2`: a pair, of the rows or of what was done, and of more about it. */
  mysql: {
    rows: (answer) => (answer as readonly [readonly SqlRow[]])[0],
    count: (answer) => (answer as readonly [Answer])[0].affectedRows
  },
  /** `better-sqlite3`, `libsql` and `node:sqlite`: changes; `@libsql/client`: rowsAffected. */
  sqlite: {
    rows: (answer) => answer as readonly SqlRow[],
    count: (answer) => (answer as Answer).changes ?? (answer as Answer).rowsAffected
  }
}
