import type { RecordStore } from '../../types/store.js'

/** The methods that a store may leave out, apart from `close`, which is called if it exists. */
export type OptionalMethod = 'readMany' | 'saveMany' | 'list' | 'setup' | 'clear' | 'sweep'

/** How the suite reaches the store under test, and what it may expect of the engine. Times are in milliseconds. */
export interface StoreHarness {
  /**
   * Opens a new client on the same engine and the same data. A case may call it several times to get rivals. A record
   * that one client wrote must be found by the next, even after the first was closed. A store without clients, such as
   * one in memory, may return the same object every time.
   */
  open(): RecordStore | Promise<RecordStore>
  /**
   * Closes resources that were opened besides the store (by `open`, `neighbour` or `unreachable`), such as the driver's
   * connection. It runs after the store's own `close`.
   */
  close?(store: RecordStore): void | Promise<void>
  /**
   * Opens a store on the same engine that shares no records with the one under test: with another prefix, table or
   * directory. Without it, the cases about neighbours are skipped.
   */
  neighbour?(): RecordStore | Promise<RecordStore>
  /** Opens a store whose engine can't be reached. Without it, the case about an unreachable engine is skipped. */
  unreachable?(): RecordStore | Promise<RecordStore>
  /** The optional methods that the store leaves out on purpose. */
  readonly lacks?: readonly OptionalMethod[]
  /**
   * The unit in which the engine keeps a record's end, in milliseconds: 1 (the default), or 1000 for engines with whole
   * seconds.
   */
  readonly granularity?: number
  /** The longest text to try, in ASCII characters. Default: 1 MiB. */
  readonly longestText?: number
  /**
   * `false` if the engine can't store U+0000 in a text (PostgreSQL). JSON never contains it unescaped. Default: `true`.
   */
  readonly nul?: boolean
  /** How often each race is run. Default: 20. */
  readonly rounds?: number
}

/** A test of one promise of the contract. */
export interface ConformanceCase {
  /** A sentence that says what the store promises; give it to the runner as the test's name. */
  readonly name: string
  /** Why the case does not apply to this store; absent if it does apply. `run` then does nothing. */
  readonly skipped?: string
  /** Runs the case. Rejects with an error that says which promise was broken. */
  readonly run: () => Promise<void>
}
