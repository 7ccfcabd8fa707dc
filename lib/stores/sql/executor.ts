/** A parameter of a statement. Each appears in the text exactly once, in order: as `$1`, `$2`, … or as `?`. */
export type SqlParam = string | number | null

export type SqlRow = Readonly<Record<string, unknown>>

/**
 * The two methods that a store needs of an SQL client. Each sends one statement, outside any transaction of the app,
 * and rejects with the client's own error, so that the store can tell a deadlock from a lost connection.
 */
export interface SqlExecutor {
  /** Resolves to the rows that the statement returns, as objects by column. */
  all(text: string, params: readonly SqlParam[]): Promise<readonly SqlRow[]>
  /**
   * Resolves to the number of rows that the statement inserted, updated or deleted. For any other statement the value
   * is ignored.
   */
  run(text: string, params: readonly SqlParam[]): Promise<number | null | undefined>
}

export interface Statement {
  readonly text: string
  readonly params: readonly SqlParam[]
}
