import type { AsyncRecordStore, StoredRecord, Version } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { addressOf } from './internal/address.js'
import { kindOf } from './internal/clients.js'
import { freshVersion, wholeEnd } from './internal/envelope.js'
import { type Ask, asking, defaultTimeout } from './internal/in-time.js'
import { storeOptions } from './internal/options.js'
import type { Query, Run, Term } from './rethinkdb/query.js'
import { ambiguousIn, mostUnions, unite } from './rethinkdb/tables.js'

export interface RethinkdbStoreOptions {
  /** The `r` of the package `rethinkdb-ts`. */
  readonly r: { table(name: string): unknown }
  /**
   * The connection to which `r.connect()` resolved. Leave it out after `r.connectPool()`. A connection does not recover
   * when the server restarts; the pool does.
   */
  readonly connection?: unknown
  /** The table, in the connection's database, which must hold only this store's records. Default: `'sessions'`. */
  readonly table?: string
  /**
   * `'majority'`: a read returns only what most replicas have confirmed, so that no fail-over can undo it. `'single'`:
   * the primary replica answers from its memory. Default: `'single'`.
   */
  readonly readMode?: 'single' | 'majority'
  /** How long a call waits for an answer before it rejects, in milliseconds. Default: 5000. */
  readonly timeout?: number
}

export type RethinkdbStore = AsyncRecordStore &
  Required<Pick<AsyncRecordStore, 'readMany' | 'setup' | 'clear' | 'sweep'>>

/**
 * Keeps records in a table of RethinkDB, one document each. Every method is one request: the server replaces a document
 * by a function of its current state, atomically. Several reads are one request; several writes are sent at once.
 * Records expire by the app's clock, and `sweep` removes them with the help of an index.
 *
 * When several clients create the table at the same time, RethinkDB may create several of that name, and then refuses
 * all queries. The store unites them into one, for which its user must be allowed to change `rethinkdb.table_config`.
 * If you do not want to allow that, create the table before the first start. Tested with rethinkdb-ts 3 against a
 * stand-in for the server, which speaks its protocol; never against a real one.
 *
 * @throws StoreConfigError when `r` is of another kind, or an option can't work.
 * @example
 * ```ts
 * import { r } from 'rethinkdb-ts'
 *
 * await r.connectPool({ host: 'localhost', db: 'shop' })
 * const store = rethinkdbStore({ r })
 * ```
 */
export function rethinkdbStore(options: RethinkdbStoreOptions): RethinkdbStore {
  const known = { r: true, connection: true, table: true, readMode: true, timeout: true } as const
  const given = storeOptions('rethinkdb', options, known)
  const { r, connection, table = 'sessions', readMode = 'single', timeout = defaultTimeout } = given
  if (typeof r?.table !== 'function') {
    throw new StoreConfigError(
      'rethinkdb',
      `r must be the one of the package "rethinkdb-ts": import { r } from "rethinkdb-ts"; it is ${kindOf(r)}`
    )
  }
  if (!/^\w{1,100}$/.test(table)) {
    throw new StoreConfigError('rethinkdb', `table must be 1 to 100 letters, digits or _, not ${table}`)
  }
  if (readMode !== 'single' && readMode !== 'majority') {
    throw new StoreConfigError('rethinkdb', `readMode must be "single" or "majority", not ${String(readMode)}`)
  }
  return new InRethinkdb(r as unknown as Query, connection, table, readMode, asking(timeout, 'rethinkdb'))
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
  readonly #ask: Ask
  readonly #name: string
  readonly #table: Term
  /** The same table, with the read mode of the store. */
  readonly #read: Term
  #uniting: Promise<void> | undefined

  constructor(r: Query, connection: unknown, name: string, readMode: 'single' | 'majority', ask: Ask) {
    this.#r = r
    this.#connection = connection
    this.#ask = ask
    this.#name = name
    this.#table = r.table(name)
    this.#read = readMode === 'majority' ? r.table(name, { readMode }) : this.#table
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    return live(await this.#run(this.#read.get(id)))
  }

  async readMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    const found = (await this.#run(this.#read.getAll(...new Set(ids)))) as readonly { readonly id: string }[]
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

  /**
   * Sets `touched` to a new value each time. Otherwise a touch to the same end would change nothing, and would be
   * counted as if there were no document.
   */
  touch(id: string, expires: number): Promise<boolean> {
    const changed = { expires: wholeEnd(expires), touched: freshVersion() }
    return this.#replaceLive(id, (row) => row.merge(changed))
  }

  remove(id: string): Promise<boolean> {
    return this.#replaceLive(id, () => null)
  }

  async address(): Promise<string | undefined> {
    const { clientAddress, clientPort } = Object(this.#connection)
    return addressOf({ host: clientAddress, port: clientPort })
  }

  async setup(): Promise<void> {
    const run: Run = (term) => this.#run(term)
    await ensure(this.#name, this.#r.tableList(), this.#r.tableCreate(this.#name), run)
    await run(this.#table.wait())
    await this.#ensureIndex(run)
  }

  async clear(): Promise<void> {
    outcomeOf(await this.#table.delete().run(this.#connection)) // no timeout: this grows with the records
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

  /** Replaces a document. `false`: nothing was changed. */
  async #replace(id: string, change: (row: Term) => unknown): Promise<boolean> {
    const { inserted, replaced, deleted } = await this.#write(this.#table.get(id).replace(change))
    return inserted + replaced + deleted > 0
  }

  async #write(term: Term): Promise<Outcome> {
    return outcomeOf(await this.#run(term))
  }

  async #ensureIndex(run: Run): Promise<void> {
    await ensure('expires', this.#table.indexList(), this.#table.indexCreate('expires'), run)
    await run(this.#table.indexWait('expires'))
  }

  /**
   * Runs a query. If its table is ambiguous, the server has refused the whole query, so the store unites the tables and
   * sends it again.
   */
  async #run(term: Term): Promise<unknown> {
    for (let turn = 1; ; turn++) {
      try {
        return await this.#send(term)
      } catch (error) {
        const db = ambiguousIn(error)
        if (db === undefined || turn === mostUnions) throw error
        await this.#unite(db).catch((error) => {
          if (ambiguousIn(error) === undefined) throw error // otherwise yet another table was created meanwhile
        })
      }
    }
  }

  #send(term: Term): Promise<unknown> {
    return this.#ask(() => term.run(this.#connection))
  }

  /** Unites the tables, and then creates the index, which the remaining table may lack. */
  #unite(db: string): Promise<void> {
    const send: Run = (term) => this.#send(term)
    this.#uniting ??= unite(this.#r, send, db, this.#name)
      .then(() => this.#ensureIndex(send))
      .finally(() => {
        this.#uniting = undefined
      })
    return this.#uniting
  }
}

/** Creates a table or an index if it is missing. Another process may be faster, which is no error. */
async function ensure(name: string, list: Term, make: Term, run: Run): Promise<void> {
  const isThere = async () => ((await run(list)) as readonly string[]).includes(name)
  if (await isThere()) return
  try {
    await run(make)
  } catch (error) {
    if (!(await isThere())) throw error
  }
}

/** How many records a sweep removes at once. */
const slice = 500

/**
 * Checks the outcome of a write, because the server reports an error of a document in its answer.
 *
 * @throws Error with the first error
 */
function outcomeOf(answer: unknown): Outcome {
  const outcome = answer as Outcome
  if (outcome.errors > 0) throw new Error(`rethinkdb store: ${outcome.first_error}`)
  return outcome
}

function live(document: unknown): StoredRecord | undefined {
  if (document === null || document === undefined) return undefined
  const { text, version, expires } = document as StoredRecord
  return expires > Date.now() ? { text, version, expires } : undefined
}
