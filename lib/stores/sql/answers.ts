import type { SqlDialect } from './dialects.js'
import type { SqlRow } from './executor.js'

/** A driver's answer, as the query builder that sent the statement passes it on. */
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

/** Reads the rows and the count of written rows out of a driver's answer, for each engine. */
export const answers: Readonly<Record<SqlDialect, Reader>> = {
  /** `pg` answers an object with the rows in it, `postgres` an array of rows that has a `count`. */
  postgres: {
    rows: (answer) => (Array.isArray(answer) ? answer : ((answer as Answer).rows ?? [])),
    count: (answer) => (answer as Answer).count ?? (answer as Answer).rowCount
  },
  /** `mysql2` answers a pair. Its first element is the rows, or the counts of a statement that wrote. */
  mysql: {
    rows: (answer) => (answer as readonly [readonly SqlRow[]])[0],
    count: (answer) => (answer as readonly [Answer])[0].affectedRows
  },
  /** `better-sqlite3`, `libsql` and `node:sqlite` count in `changes`, `@libsql/client` in `rowsAffected`. */
  sqlite: {
    rows: (answer) => answer as readonly SqlRow[],
    count: (answer) => (answer as Answer).changes ?? (answer as Answer).rowsAffected
  }
}
