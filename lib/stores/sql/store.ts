import type { RecordStore, Write, WriteResult } from '../../../types/store.js'
import { LONGEST_TIMER } from '../../util/durations.js'
import { addressOf } from '../internal/address.js'
import { freshVersion, wholeEnd } from '../internal/envelope.js'
import { Gathered } from '../internal/gathered.js'
import { defaultTimeout, requireTimeout } from '../internal/in-time.js'
import { inSlices } from '../internal/slices.js'
import type { BatchingDialect, Dialect, NewUpdate, WriteRow } from './dialect.js'
import { isRefused } from './errors.js'
import type { SqlExecutor } from './executor.js'
import { patient } from './patient.js'
import { type Engine, InSql, type SqlStore } from './records.js'

export type { SqlStore } from './records.js'

/** The store of an engine that reports the outcome of each write of a batch: PostgreSQL and SQLite. */
export type BatchingSqlStore = SqlStore & Required<Pick<RecordStore, 'saveMany'>>

/**
 * Makes the record store behind all SQL clients.
 *
 * @throws StoreConfigError when the timeout is not a duration that a timer can wait
 */
export function storeOver(executor: SqlExecutor, dialect: BatchingDialect, way: Way): BatchingSqlStore
export function storeOver(executor: SqlExecutor, dialect: Dialect, way: Way): SqlStore
export function storeOver(executor: SqlExecutor, dialect: Dialect | BatchingDialect, way: Way): SqlStore {
  const { store, client, timeout = defaultTimeout } = way
  requireTimeout(store, timeout)
  const engine: Engine = {
    hurried: patient(executor, dialect, timeout),
    unhurried: patient(executor, dialect, LONGEST_TIMER),
    address: () => addressOf(client)
  }
  return 'saveMany' in dialect ? new InBatches(engine, dialect) : new InSql(engine, dialect)
}

/** How the engine is reached. */
export interface Way {
  /** The store's name in errors. */
  readonly store: string
  /** The client that the app passed in. The store only reads its address from it. */
  readonly client: unknown
  /** How long a call waits for an answer, in milliseconds. */
  readonly timeout?: number | undefined
}

class InBatches extends InSql implements BatchingSqlStore {
  readonly #dialect: BatchingDialect
  readonly #replacements: Gathered<NewUpdate, boolean> | undefined

  constructor(engine: Engine, dialect: BatchingDialect) {
    super(engine, dialect)
    this.#dialect = dialect
    const { updateMany } = dialect
    if (updateMany) this.#replacements = new Gathered((rows) => this.#replaceMany(updateMany, rows))
  }

  protected override replace(row: NewUpdate): Promise<boolean> {
    return this.#replacements ? this.#replacements.ask(row) : super.replace(row)
  }

  /**
   * Sends several updates in one statement. An update that it did not perform is sent again by itself: its record may
   * be locked, have another version, or its text may be refused by the engine.
   */
  async #replaceMany(text: string, rows: readonly NewUpdate[]): Promise<readonly (boolean | Promise<boolean>)[]> {
    if (rows.length === 1) return [super.replace(rows[0] as NewUpdate)]
    const done = new Set<unknown>()
    try {
      for (const { version } of await this.client.all(text, [Date.now(), JSON.stringify(rows)])) done.add(version)
    } catch (error) {
      if (!isRefused(error)) throw error
    }
    return rows.map((row) => done.has(row.version) || super.replace(row))
  }

  saveMany(writes: readonly Write[]): Promise<readonly WriteResult[]> {
    return inSlices(writes, this.#dialect.mostWrites, (some) => this.#saveSome(some))
  }

  async #saveSome(writes: readonly Write[]): Promise<readonly WriteResult[]> {
    const rows = writes.map(rowOf)
    const done = new Set<unknown>()
    for (const { text, params } of this.#dialect.saveMany(rows, Date.now())) {
      for (const { id } of await this.client.all(text, params)) done.add(id)
    }
    return rows.map((row) => resultOf(row, done.has(row.id)))
  }
}

function rowOf(write: Write): WriteRow {
  const writesText = write.kind === 'create' || write.kind === 'update'
  return {
    kind: write.kind,
    id: write.id,
    text: writesText ? write.text : null,
    version: writesText ? freshVersion() : null,
    expires: write.kind === 'remove' ? null : wholeEnd(write.expires),
    expected: write.kind === 'update' ? String(write.version) : null
  }
}

function resultOf({ kind, version }: WriteRow, done: boolean): WriteResult {
  if (kind === 'touch' || kind === 'remove') return done
  return done ? (version as string) : undefined
}
