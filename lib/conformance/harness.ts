import type { RecordStore } from '../../types/store.js'

/** The methods that a store may leave out, apart from `close`, which is called wherever it exists. */
export type OptionalMethod = 'readMany' | 'saveMany' | 'list' | 'setup' | 'clear' | 'sweep'

/** How the suite reaches the store under test, and what it may expect of the engine. Times in milliseconds. */
export interface StoreHarness {
  /**
   * A client of its own on the same engine and the same data; called several times in a case to get rivals. What one
   * client wrote, the next must find, also when the first was closed. A store without clients, such as one in memory,
   * may return the same object every time.
   */
  open(): RecordStore | Promise<RecordStore>
  /**
   * Ends what was opened besides the store (by `open`, `neighbour` or `unreachable`), such as the driver's connection.
   * Runs after the store's own `close`.
   */
  close?(store: RecordStore): void | Promise<void>
  /**
   * A store on the same engine that shares nothing with the one under test: another prefix, table or directory.
   * Without it, the cases about neighbours are skipped.
   */
  neighbour?(): RecordStore | Promise<RecordStore>
  /** A store whose engine can't be reached. Without it, the case about an unreachable engine is skipped. */
  unreachable?(): RecordStore | Promise<RecordStore>
  /** The optional methods that the store leaves out on purpose. */
  readonly lacks?: readonly OptionalMethod[]
  /** The step in which the engine counts a record's end: 1 (the default) or, for engines with whole seconds, 1000. */
  readonly granularity?: number
  /** The longest text to try, in characters of ASCII. Default: 1 MiB. */
  readonly longestText?: number
  /** `false` when the engine can't keep U+0000 in a text (PostgreSQL). JSON never holds it unescaped. Default: `true`. */
  readonly nul?: boolean
  /** How often a race is run. Default: 20. */
  readonly rounds?: number
}

/** One promise of the contract, put to the test. */
export interface ConformanceCase {
  /** A sentence that says what the store promises; give it to the runner as the test's name. */
  readonly name: string
  /** Why the case does not apply to this store; absent when it does. `run` then does nothing. */
  readonly skipped?: string
  /** Rejects with an error that says which promise was broken. */
  readonly run: () => Promise<void>
}
