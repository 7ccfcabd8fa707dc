import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AsyncRecordStore, PageOptions, RecordPage, StoredRecord, Version } from '../../../types/store.js'
import { StoreConfigError } from '../../errors.js'
import { NoAnswerError } from '../../util/in-time.js'
import { freshVersion, wholeEnd } from '../internal/envelope.js'
import { Gathered } from '../internal/gathered.js'
import { nextAfter } from '../internal/pages.js'
import { inSlices } from '../internal/slices.js'
import type { Dialect, NewUpdate } from './dialect.js'
import { isDuplicate } from './errors.js'
import type { SqlExecutor, SqlParam, SqlRow, Statement } from './executor.js'

export type SqlStore = AsyncRecordStore &
  Required<Pick<AsyncRecordStore, 'readMany' | 'list' | 'setup' | 'clear' | 'sweep'>>

/** The two ways to send statements to an engine: with the store's timeout, and without. */
export interface Engine {
  readonly hurried: SqlExecutor
  /** For statements whose time grows with the number of records. It has no timeout in practice. */
  readonly unhurried: SqlExecutor
  address(): string | undefined
}

/**
 * The record store over SQL. Every write is one statement that compares and sets. The store makes the version, not the
 * engine, so the count of written rows says everything about the outcome.
 */
export class InSql implements SqlStore {
  readonly kind = 'record'
  protected readonly client: SqlExecutor
  readonly #dialect: Dialect
  readonly #reads: Gathered<string, StoredRecord | undefined> | undefined
  readonly #engine: Engine

  constructor(engine: Engine, dialect: Dialect) {
    this.client = engine.hurried
    this.#engine = engine
    this.#dialect = dialect
    if (dialect.isRemote) this.#reads = new Gathered((ids) => this.readMany(ids))
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    return this.#reads ? this.#reads.ask(id) : (await this.readMany([id]))[0]
  }

  async create(id: string, text: string, expires: number): Promise<Version | undefined> {
    const version = freshVersion()
    const attempts = this.#dialect.create({ id, text, version, expires: wholeEnd(expires) }, Date.now())
    for (const attempt of attempts) if (await this.#inserts(attempt)) return version
    return undefined
  }

  async update(id: string, text: string, expires: number, version: Version): Promise<Version | undefined> {
    const next = freshVersion()
    // As a string, because MySQL compares a text with a number by the digits that the text starts with.
    const expected = String(version)
    return (await this.replace({ id, text, version: next, expires: wholeEnd(expires), expected })) ? next : undefined
  }

  async touch(id: string, expires: number): Promise<boolean> {
    const now = Date.now()
    if (await this.#writes(this.#dialect.touch, [wholeEnd(expires), id, now])) return true
    const { exists } = this.#dialect
    return exists !== undefined && (await this.client.all(exists, [id, now])).length > 0
  }

  remove(id: string): Promise<boolean> {
    return this.#writes(this.#dialect.remove, [id, Date.now()])
  }

  readMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    return inSlices(ids, this.#dialect.mostReads, (some) => this.#readSome(some))
  }

  async #readSome(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    const asked = padded(ids)
    const rows = await this.client.all(this.#dialect.readMany(asked.length), [...asked, Date.now()])
    const found = new Map(rows.map((row) => [row['id'], recordIn(row)]))
    return ids.map((id) => found.get(id))
  }

  async list({ after = '', limit }: PageOptions): Promise<RecordPage> {
    const rows = await this.client.all(this.#dialect.list(limit), [after, Date.now()])
    const records = rows.map((row) => ({ id: row['id'] as string, ...recordIn(row) }))
    return {
      records,
      next: nextAfter(
        records.map(({ id }) => id),
        limit
      )
    }
  }

  async address(): Promise<string | undefined> {
    return this.#engine.address()
  }

  async setup(): Promise<void> {
    if (await this.#isThere()) return
    const [created] = await Promise.allSettled([this.#createSchema()])
    if (await this.#isThere()) return // also when another process created it first, which made this attempt fail
    if (created.status === 'rejected') throw created.reason
    throw new StoreConfigError(
      this.#dialect.name,
      `there is a table of that name already, without the columns or the index of this one: ${this.#dialect.schema}`
    )
  }

  async clear(): Promise<void> {
    await this.#engine.unhurried.run(this.#dialect.clear, [])
  }

  async sweep({ signal }: { readonly signal?: AbortSignal } = {}): Promise<number> {
    let swept = 0
    while (!signal?.aborted) {
      const { found, removed } = await this.#sweepSlice(Date.now())
      swept += removed
      if (found < this.#dialect.slice) break
      await nextTurn()
    }
    return swept
  }

  async #sweepSlice(now: number): Promise<{ found: number; removed: number }> {
    const { sweep, sweepOf } = this.#dialect
    if (!sweepOf) {
      const removed = await this.#count(sweep, [now])
      return { found: removed, removed }
    }
    const rows = await this.client.all(sweep, [now])
    if (rows.length === 0) return { found: 0, removed: 0 }
    const asked = padded(rows.map(({ id }) => id as string))
    return { found: rows.length, removed: await this.#count(sweepOf(asked.length), [...asked, now]) }
  }

  protected replace({ id, text, version, expires, expected }: NewUpdate): Promise<boolean> {
    return this.#writes(this.#dialect.update, [text, version, expires, id, expected, Date.now()])
  }

  async #writes(text: string, params: readonly SqlParam[]): Promise<boolean> {
    return (await this.#count(text, params)) > 0
  }

  /**
   * Returns the number of rows that the statement wrote.
   *
   * @throws StoreConfigError when the client does not report it: that must not look as if there had been nothing to
   * write
   */
  async #count(text: string, params: readonly SqlParam[]): Promise<number> {
    const count = await this.client.run(text, params)
    if (typeof count === 'number') return count
    throw new StoreConfigError(this.#dialect.name, 'its client does not tell how many rows a statement has written')
  }

  async #inserts({ text, params }: Statement): Promise<boolean> {
    try {
      return await this.#writes(text, params)
    } catch (error) {
      if (isDuplicate(error)) return false
      throw error
    }
  }

  /**
   * Whether the table exists. `setup` asks this first, because an app need not have the right to create a table that
   * exists.
   *
   * @throws NoAnswerError when the engine does not answer in time
   */
  async #isThere(): Promise<boolean> {
    try {
      await this.client.all(this.#dialect.probe, [])
      return true
    } catch (error) {
      if (error instanceof NoAnswerError) throw error
      return false
    }
  }

  async #createSchema(): Promise<void> {
    for (const text of this.#dialect.setup) await this.client.run(text, [])
  }
}

function recordIn({ text, version, expires }: SqlRow): StoredRecord {
  // Depending on the driver, a BIGINT is a number, a string or a bigint.
  return { text: text as string, version: version as string, expires: Number(expires) }
}

/**
 * Repeats the last id until the number of ids is a power of two, so that the engine has few different statements to
 * prepare.
 */
function padded(ids: readonly string[]): readonly string[] {
  const length = 2 ** Math.ceil(Math.log2(ids.length))
  return [...ids, ...Array(length - ids.length).fill(ids.at(-1))]
}
