/** What the store uses of a root database, as `open` of the package `lmdb` returns it. */
export interface LmdbClient {
  openDB(name: string, options: Readonly<Record<string, unknown>>): LmdbDatabase | undefined
  resetReadTxn(): void
  /** Forgets the readers that were killed. */
  readerCheck(): number
  /** A table as text: a line of headings, then for each reader its process, its thread and its transaction. */
  readerList(): string
  /** Where the file is; `open` sets it. */
  readonly path?: string
}

/** What the store uses of the databases that it opens in the root database. */
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
