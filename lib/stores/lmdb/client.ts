/** The members of a root database, which `open` of the package `lmdb` returns, that the store uses. */
export interface LmdbClient {
  openDB(name: string, options: Readonly<Record<string, unknown>>): LmdbDatabase | undefined
  resetReadTxn(): void
  /** Removes readers of processes that were killed from the table of readers. */
  readerCheck(): number
  /**
   * The table of readers as text: a line of headings, then for each reader its process, its thread and its transaction.
   */
  readerList(): string
  /** The path of the file; `open` sets it. */
  readonly path?: string
}

/** The members of the databases, opened in the root database, that the store uses. */
export interface LmdbDatabase {
  getEntry(key: string): { value: unknown; version?: number } | undefined
  getRange(options: { start?: string; end?: number; limit: number }): Iterable<{ key: unknown; value: unknown }>
  put(key: string | number, value: string, version?: number): unknown
  remove(key: string | number, value?: string): unknown
  ifVersion(key: string, version: number, writes: () => void): Promise<boolean>
  ifNoExists(key: string, writes: () => void): Promise<boolean>
  batch(writes: () => void): Promise<boolean>
  clearAsync(): unknown
  readonly committed: PromiseLike<unknown>
}
