/** What a statement is given. Every parameter stands in its text once, in order: as `$1`, `$2`, … or as `?`. */
export type SqlParam = string | number | null

export type SqlRow = Readonly<Record<string, unknown>>

/**
 * All that a store needs of an SQL client. Both methods send one statement, outside of any transaction of the app, and
 * reject with the client's own error, so that the store can tell a deadlock from a lost connection.
 */
export interface SqlExecutor {
  /** Resolves to the rows that the statement returns, as objects by column. */
  all(text: string, params: readonly SqlParam[]): Promise<readonly SqlRow[]>
  /** Resolves to the number of rows that the statement inserted, updated or deleted; for any other, to anything. */
  run(text: string, params: readonly SqlParam[]): Promise<number | null | undefined>
}

export interface Statement {
  readonly text: string
  readonly params: readonly SqlParam[]
}
