import { randomInt } from 'node:crypto'
import { statfsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { AsyncRecordStore, StoredRecord, Version, Write, WriteResult } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { perform } from '../util/perform.js'
import { envelope, freshVersion, openEnvelope, wholeEnd } from './internal/envelope.js'
import { storeOptions } from './internal/options.js'
import { allDone } from './internal/writes.js'

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
  getRange(options: { end: number; limit: number }): Iterable<{ key: unknown; value: unknown }>
  put(key: string | number, value: string, version?: number): unknown
  remove(key: string | number, value?: string): unknown
  ifVersion(key: string, version: number, writes: () => void): Promise<boolean>
  ifNoExists(key: string, writes: () => void): Promise<boolean>
  batch(writes: () => void): Promise<boolean>
  clearAsync(): unknown
  readonly committed: PromiseLike<unknown>
}

export interface LmdbStoreOptions {
  /** The root database of a file: what `open` of the package `lmdb` returned, without `dupSort` or `readOnly`. */
  readonly client: LmdbClient
  /**
   * Which records in the file are this store's; letters, digits, `_`, `-` and `.`, up to 100. The store opens two
   * databases in the file, `NAME` and `NAME:ends` (of `maxDbs`, which is 12 by default). Default: `'sessions'`.
   */
  readonly name?: string
}

export type LmdbStore = AsyncRecordStore &
  Required<Pick<AsyncRecordStore, 'readMany' | 'saveMany' | 'setup' | 'clear' | 'sweep'>>

/**
 * Keeps records in one file, by LMDB: embedded, without a server, and safe against the process being killed at
 * whatever instant. For what other ecosystems use Bolt for.
 * Tested with lmdb 3.5.
 *
 * One process should write to a file; others may read it, and a new one may take over while the old one ends. Several
 * writers do not overwrite one another's changes, but when one of them is killed in the middle of a write (`SIGKILL`,
 * out of memory), lmdb 3.5 now and then leaves the others with writes that reject (`MDB_BAD_TXN`, `MDB_PANIC`) or with
 * records that they do not find. `overlappingSync: false` makes that rarer and does not prevent it. `setup` warns of
 * another process that has the file open. For several processes there is `fileStore`.
 *
 * Reads come straight from memory that is mapped to the file. Writes are committed on another thread, all of one turn
 * of the event loop together, and are done when the disk has them (unless the file was opened with `noSync` or
 * `separateFlushed`). So single writes one after another take as long as the disk takes to flush, while many at once
 * hardly take longer than one.
 *
 * - A local disk only: LMDB needs locks and shared memory, which network file systems lack.
 * - A process that is stopped (not killed) in the middle of a commit keeps the writers of all others waiting, not
 *   their readers.
 * - The file grows as it has to, whatever `mapSize` says, and keeps its size when records go; their room is used again.
 * - When less than 8 MiB are left on the disk, all writes but `remove` reject: removing takes some room too, and lmdb
 *   3.5 itself can crash the process when a disk is full to the last page.
 *
 * @throws StoreConfigError when the client is no root database, the name can't be one, or the file has no room for
 * two more databases.
 * @example
 * ```ts
 * import { open } from 'lmdb'
 *
 * const client = open({ path: './sessions.mdb' })
 * const options = defineSessions({ stores: { lmdb: lmdbStore({ client }) }, … })
 * ```
 */
export function lmdbStore(options: LmdbStoreOptions): LmdbStore {
  const { client, name = 'sessions' } = storeOptions('lmdb', options, { client: true, name: true })
  if (typeof client?.openDB !== 'function' || typeof client.resetReadTxn !== 'function') {
    throw new StoreConfigError('lmdb', 'client must be what open() of the package "lmdb" returned')
  }
  if (typeof name !== 'string' || !/^[\w.-]{1,100}$/.test(name)) {
    throw new StoreConfigError('lmdb', `name must be 1 to 100 letters, digits, _, - or ., not ${JSON.stringify(name)}`)
  }
  // `compression` and `cache` of the root database are for the app's own values.
  const records = openIn(client, name, { encoding: 'string', useVersions: true, compression: false })
  const ends = openIn(client, `${name}:ends`, { encoding: 'ordered-binary', dupSort: true, compression: false })
  return new InLmdb(client, records, ends)
}

/** A record as it was read, with the mark of that very state: a touch changes the mark, and not the version. */
interface Held {
  readonly record: StoredRecord
  readonly mark: number
}

/** What a method answers when a record is in a certain state, and what is to be written if it still is. */
interface Decision<T> {
  readonly answer: T
  readonly write?: () => void
}

/**
 * Each method reads, decides, and hands LMDB's writer thread a block that is carried out only if the record's mark is
 * still the one that was read; whoever was overtaken looks again. A callback inside a transaction would need no second
 * look, but holds the lock of all processes until this one's event loop gets round to it.
 *
 * The database of ends has the ids by the end of their record, for `sweep`. It is written in the same block.
 */
class InLmdb implements LmdbStore {
  readonly kind = 'record'
  readonly #client: LmdbClient
  readonly #records: LmdbDatabase
  readonly #ends: LmdbDatabase
  readonly #path: string | undefined

  constructor(client: LmdbClient, records: LmdbDatabase, ends: LmdbDatabase) {
    this.#client = client
    this.#path = client.path && resolve(client.path)
    this.#records = records
    this.#ends = ends
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    return (await this.readMany([id]))[0]
  }

  async readMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    this.#refresh()
    return ids.map((id) => live(this.#held(id)))
  }

  async create(id: string, text: string, expires: number): Promise<Version | undefined> {
    this.#requireRoom()
    const version = freshVersion()
    const record = { text, version, expires: wholeEnd(expires) }
    return this.#step(id, (held) => {
      if (live(held)) return { answer: undefined }
      return { answer: version, write: () => this.#put(id, record, held) }
    })
  }

  async update(id: string, text: string, expires: number, version: Version): Promise<Version | undefined> {
    this.#requireRoom()
    const next = freshVersion()
    const record = { text, version: next, expires: wholeEnd(expires) }
    return this.#step(id, (held) => {
      if (live(held)?.version !== version) return { answer: undefined }
      return { answer: next, write: () => this.#put(id, record, held) }
    })
  }

  async touch(id: string, expires: number): Promise<boolean> {
    this.#requireRoom()
    const end = wholeEnd(expires)
    return this.#step(id, (held) => {
      const record = live(held)
      if (!record) return { answer: false }
      return { answer: true, write: () => this.#put(id, { ...record, expires: end }, held) }
    })
  }

  async remove(id: string): Promise<boolean> {
    return this.#step(id, (held) => {
      if (!held || !live(held)) return { answer: false }
      return { answer: true, write: () => this.#drop(id, held.record.expires) }
    })
  }

  saveMany(writes: readonly Write[]): Promise<readonly WriteResult[]> {
    return allDone(writes.map((write) => perform(this, write)))
  }

  async setup(): Promise<void> {
    this.#held('') // enters this process into the table of readers, for the next one to find
    this.#client.readerCheck()
    const others = processesIn(this.#client.readerList()).filter((pid) => pid !== process.pid)
    if (others.length > 0) process.emitWarning(severalProcesses(this.#path, others), { code })
  }

  async clear(): Promise<void> {
    this.#refresh() // throws if the file was closed; a write would end the process
    this.#held('')
    const both = this.#records.batch(() => {
      this.#records.clearAsync()
      this.#ends.clearAsync()
    })
    await this.#committed(both)
  }

  async sweep({ signal }: { readonly signal?: AbortSignal } = {}): Promise<number> {
    let removed = 0
    for (let some = slice; some > 0 && !signal?.aborted; removed += some) {
      this.#refresh()
      const ended = [...this.#ends.getRange({ end: Date.now() + 1, limit: slice })]
      const gone = await allDone(ended.map(({ key, value }) => this.#sweepOne(String(value), Number(key))))
      some = gone.filter(Boolean).length
    }
    return removed
  }

  /** By the snapshot that the end was found in: if anything has changed since, this removes nothing. */
  async #sweepOne(id: string, end: number): Promise<boolean> {
    const held = this.#held(id)
    if (!held || live(held)) return false
    return this.#ifStill(id, held, () => this.#drop(id, end))
  }

  async #step<T>(id: string, decide: (held: Held | undefined) => Decision<T>): Promise<T> {
    for (let turn = 0; turn < patience; turn++) {
      this.#refresh()
      const held = this.#held(id)
      const { answer, write } = decide(held)
      if (!write || (await this.#ifStill(id, held, write))) return answer
    }
    throw new Error(`lmdb store: overtaken by other writers ${patience} times`)
  }

  /** lmdb keeps a snapshot for the rest of a turn, and longer on a busy event loop: others may have written since. */
  #refresh(): void {
    this.#client.resetReadTxn()
  }

  /** Takes 2 microseconds. A file system that does not say how big it is passes. */
  #requireRoom(): void {
    if (!this.#path) return
    const { blocks, bavail, bsize } = statfsSync(this.#path)
    if (blocks === 0 || bavail * bsize >= reserve) return
    throw new Error(`lmdb store: nothing was written: less than ${reserve} bytes are left on the disk of ${this.#path}`)
  }

  #held(id: string): Held | undefined {
    const entry = this.#records.getEntry(id)
    return entry && { record: openEnvelope(String(entry.value)), mark: Number(entry.version) }
  }

  #ifStill(id: string, held: Held | undefined, write: () => void): Promise<boolean> {
    const done = held ? this.#records.ifVersion(id, held.mark, write) : this.#records.ifNoExists(id, write)
    return this.#committed(done)
  }

  #put(id: string, { version, expires, text }: StoredRecord, held: Held | undefined): void {
    if (held) this.#ends.remove(held.record.expires, id)
    this.#ends.put(expires, id)
    this.#records.put(id, envelope(String(version), expires, text), freshMark())
  }

  #drop(id: string, end: number): void {
    this.#ends.remove(end, id)
    this.#records.remove(id)
  }

  /**
   * When a commit fails, lmdb rejects what it returned and two promises more, one for the cause and one, made when the
   * turn ends, for the batch. Nobody else has a hand on them, and a rejection that nobody handles ends the process.
   */
  async #committed(done: Promise<boolean>): Promise<boolean> {
    setImmediate(() => this.#records.committed.then(ignore, ignore))
    try {
      return await done
    } catch (error) {
      const cause = await causeOf(error)
      throw new Error(`lmdb store: nothing was written: ${String(cause)}`, { cause })
    }
  }
}

/** How often to be overtaken: each time, another writer got through, so this ends unless the file is broken. */
const patience = 200

/** How many bytes of the disk are kept for removals. */
const reserve = 8 * 1024 * 1024

/** How many records a sweep removes in one commit. */
const slice = 500

const code = 'FST_SESSIONS_LMDB_PROCESSES'

function severalProcesses(path: string | undefined, others: readonly number[]): string {
  return `lmdb store: ${path ?? 'its file'} is open in another process too (${others.join(', ')}). If that one writes to it as well, a kill of either can damage the other: let one process write, or use fileStore for several.`
}

function processesIn(readers: string): readonly number[] {
  const pids = readers.split('\n').map((line) => Number.parseInt(line, 10))
  return [...new Set(pids.filter((pid) => pid > 0))]
}

function openIn(client: LmdbClient, name: string, options: Readonly<Record<string, unknown>>): LmdbDatabase {
  let database: LmdbDatabase | undefined
  let cause: unknown = 'it is not there, and the file was opened with readOnly'
  try {
    database = client.openDB(name, options)
  } catch (error) {
    cause = error
  }
  if (database) return database
  throw new StoreConfigError('lmdb', `can't open the database "${name}" in the file: ${String(cause)}`)
}

function live(held: Held | undefined): StoredRecord | undefined {
  return held && held.record.expires > Date.now() ? held.record : undefined
}

/** Random, so that no two states of an id ever have the same; not 0, which lmdb takes for none. */
function freshMark(): number {
  return randomInt(1, 2 ** 48 - 1)
}

function causeOf(error: unknown): unknown {
  const { commitError } = error as { commitError?: Promise<unknown> }
  return commitError ? commitError.catch((cause) => cause) : error
}

function ignore(): void {}
