import type { AsyncRecordStore, StoredRecord, Version } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { freshVersion, wholeEnd } from './internal/envelope.js'
import { storeOptions } from './internal/options.js'

export interface RethinkdbStoreOptions {
  /** The `r` of the package `rethinkdb-ts`. */
  readonly r: { table(name: string): unknown }
  /** What `r.connect()` resolved to; left out after `r.connectPool()`. */
  readonly connection?: unknown
  /** A table for this store's records, and nothing else, in the connection's database. Default: `'sessions'`. */
  readonly table?: string
}

export type RethinkdbStore = AsyncRecordStore &
  Required<Pick<AsyncRecordStore, 'readMany' | 'setup' | 'clear' | 'sweep'>>

/**
 * Keeps records in a table of RethinkDB, one document each. Every method is one request: a document is replaced by a
 * function of what it holds, which the server runs atomically. Several reads are one request; several writes are sent at
 * once. The clock of the app counts, and `sweep` removes by an index what has expired. Tested with rethinkdb-ts 3 against
 * a stand-in for the server, which speaks its protocol; never against a real one.
 *
 * @throws StoreConfigError when `r` is none, or the table's name can't be one.
 * @example
 * ```ts
 * import { r } from 'rethinkdb-ts'
 *
 * const connection = await r.connect({ host: 'localhost', db: 'shop' })
 * const store = rethinkdbStore({ r, connection })
 * ```
 */
export function rethinkdbStore(options: RethinkdbStoreOptions): RethinkdbStore {
  const {
    r,
    connection,
    table = 'sessions'
  } = storeOptions('rethinkdb', options, { r: true, connection: true, table: true })
  if (typeof r?.table !== 'function') {
    throw new StoreConfigError(
      'rethinkdb',
      'r must be the one of the package "rethinkdb-ts": import { r } from "rethinkdb-ts"'
    )
  }
  if (!/^\w{1,100}$/.test(table)) {
    throw new StoreConfigError('rethinkdb', `table must be 1 to 100 letters, digits or _, not ${table}`)
  }
  return new InRethinkdb(r as unknown as Query, connection, table)
}

/** What the store uses of the query language (https://rethinkdb.com/api/javascript/). */
interface Query {
  readonly minval: Term
  table(name: string): Term
  tableList(): Term
  tableCreate(name: string): Term
  branch(...conditionsAndValues: unknown[]): Term
}

interface Term {
  (field: string): Term
  get(id: string): Term
  getAll(...ids: readonly string[]): Term
  replace(change: (row: Term) => unknown): Term
  between(low: unknown, high: number, options: { index: string; rightBound: 'closed' }): Term
  limit(count: number): Term
  delete(): Term
  indexList(): Term
  indexCreate(field: string): Term
  indexWait(name: string): Term
  eq(value: unknown): Term
  gt(value: number): Term
  le(value: number): Term
  and(other: Term): Term
  merge(fields: object): Term
  run(connection?: unknown): Promise<unknown>
}

interface Outcome {
  readonly inserted: number
  readonly replaced: number
  readonly deleted: number
  readonly errors: number
  readonly first_error?: string
}

class InRethinkdb implements RethinkdbStore {
  readonly kind = 'record'
  readonly #r: Query
  readonly #connection: unknown
  readonly #name: string
  readonly #table: Term

  constructor(r: Query, connection: unknown, name: string) {
    this.#r = r
    this.#connection = connection
    this.#name = name
    this.#table = r.table(name)
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    return live(await this.#run(this.#table.get(id)))
  }

  async readMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    const found = (await this.#run(this.#table.getAll(...new Set(ids)))) as readonly { readonly id: string }[]
    const byId = new Map(found.map((document) => [document.id, live(document)]))
    return ids.map((id) => byId.get(id))
  }

  async create(id: string, text: string, expires: number): Promise<Version | undefined> {
    const version = freshVersion()
    const document = { id, text, version, expires: wholeEnd(expires) }
    const now = Date.now()
    const done = await this.#replace(id, (row) =>
      this.#r.branch(row.eq(null), document, row('expires').le(now), document, row)
    )
    return done ? version : undefined
  }

  async update(id: string, text: string, expires: number, version: Version): Promise<Version | undefined> {
    const next = freshVersion()
    const document = { id, text, version: next, expires: wholeEnd(expires) }
    const done = await this.#replaceLive(id, (row) => this.#r.branch(row('version').eq(version), document, row))
    return done ? next : undefined
  }

  /** `touched` changes each time: a document that is replaced by its equal counts as none that was there. */
  touch(id: string, expires: number): Promise<boolean> {
    const changed = { expires: wholeEnd(expires), touched: freshVersion() }
    return this.#replaceLive(id, (row) => row.merge(changed))
  }

  remove(id: string): Promise<boolean> {
    return this.#replaceLive(id, () => null)
  }

  async setup(): Promise<void> {
    await this.#ensure(this.#name, this.#r.tableList(), this.#r.tableCreate(this.#name))
    await this.#ensure('expires', this.#table.indexList(), this.#table.indexCreate('expires'))
    await this.#run(this.#table.indexWait('expires'))
  }

  async clear(): Promise<void> {
    await this.#write(this.#table.delete())
  }

  async sweep({ signal }: { readonly signal?: AbortSignal } = {}): Promise<number> {
    const { minval } = this.#r
    let swept = 0
    for (let deleted = slice; deleted === slice && !signal?.aborted; swept += deleted) {
      const ended = this.#table.between(minval, Date.now(), { index: 'expires', rightBound: 'closed' })
      deleted = (await this.#write(ended.limit(slice).delete())).deleted
    }
    return swept
  }

  #replaceLive(id: string, change: (row: Term) => unknown): Promise<boolean> {
    const now = Date.now()
    return this.#replace(id, (row) => this.#r.branch(row.eq(null), null, row('expires').gt(now), change(row), row))
  }

  /** Whether it was changed. */
  async #replace(id: string, change: (row: Term) => unknown): Promise<boolean> {
    const { inserted, replaced, deleted } = await this.#write(this.#table.get(id).replace(change))
    return inserted + replaced + deleted > 0
  }

  /** The server reports what went wrong with a document in the answer. */
  async #write(term: Term): Promise<Outcome> {
    const outcome = (await this.#run(term)) as Outcome
    if (outcome.errors > 0) throw new Error(`rethinkdb store: ${outcome.first_error}`)
    return outcome
  }

  /** Makes what is not there; another process may be quicker. */
  async #ensure(name: string, list: Term, make: Term): Promise<void> {
    const isThere = async () => ((await this.#run(list)) as readonly string[]).includes(name)
    if (await isThere()) return
    try {
      await this.#run(make)
    } catch (error) {
      if (!(await isThere())) throw error
    }
  }

  #run(term: Term): Promise<unknown> {
    return term.run(this.#connection)
  }
}

/** How many records a sweep removes at once. */
const slice = 500

function live(document: unknown): StoredRecord | undefined {
  if (document === null || document === undefined) return undefined
  const { text, version, expires } = document as StoredRecord
  return expires > Date.now() ? { text, version, expires } : undefined
}
