import { randomInt } from 'node:crypto'
import { statfsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { StoredRecord } from '../../../types/store.js'
import type { ConditionalEngine, Held } from '../internal/conditional.js'
import { envelope, openEnvelope } from '../internal/envelope.js'
import type { LmdbClient, LmdbDatabase } from './client.js'

/** A record as it was read, with the mark of that state. A touch changes the mark, but not the version. */
export interface Marked extends Held {
  readonly mark: number
}

/**
 * The records of one store in a file. A write passes LMDB's writer thread a block of operations that is carried out
 * only if the record's mark is still the one that was read. A callback inside a transaction would need no such
 * condition, but would hold the lock of all processes until this process's event loop runs it.
 *
 * The database `ends` maps the end of each record to its id, so that expired records are found. It is written in the
 * same block.
 */
export class LmdbFile implements ConditionalEngine<Marked> {
  readonly path: string | undefined
  readonly #client: LmdbClient
  readonly #records: LmdbDatabase
  readonly #ends: LmdbDatabase

  constructor(client: LmdbClient, records: LmdbDatabase, ends: LmdbDatabase) {
    this.path = client.path && resolve(client.path)
    this.#client = client
    this.#records = records
    this.#ends = ends
  }

  async get(id: string): Promise<Marked | undefined> {
    this.refresh()
    return this.peek(id)
  }

  async put(id: string, { version, expires, text }: StoredRecord, held?: Marked): Promise<boolean> {
    this.#requireRoom()
    return this.#ifStill(id, held, () => {
      if (held) this.#ends.remove(held.record.expires, id)
      this.#ends.put(expires, id)
      this.#records.put(id, envelope(String(version), expires, text), freshMark())
    })
  }

  async delete(id: string, held: Marked): Promise<boolean> {
    return this.#ifStill(id, held, () => {
      this.#ends.remove(held.record.expires, id)
      this.#records.remove(id)
    })
  }

  async clear(): Promise<void> {
    this.#requireOpen()
    const both = this.#records.batch(() => {
      this.#records.clearAsync()
      this.#ends.clearAsync()
    })
    await this.#committed(both)
  }

  /**
   * Starts a new snapshot. lmdb keeps a snapshot for the rest of the turn of the event loop, and longer on a busy one,
   * and other processes may have written since.
   */
  refresh(): void {
    this.#client.resetReadTxn()
  }

  /** Returns the state of a key in the current snapshot. */
  peek(id: string): Marked | undefined {
    const entry = this.#records.getEntry(id)
    return entry && { record: openEnvelope(String(entry.value)), mark: Number(entry.version) }
  }

  /** Returns the ids of up to `most` expired records, in the order of their ends. */
  ended(most: number): readonly string[] {
    this.refresh()
    return Array.from(this.#ends.getRange({ end: Date.now() + 1, limit: most }), ({ value }) => String(value))
  }

  /**
   * Returns up to `most` records whose ids sort after `after`, in the order of their ids, whether or not they have
   * expired.
   */
  behind(after: string | undefined, most: number): readonly (readonly [id: string, record: StoredRecord])[] {
    this.refresh()
    const range = this.#records.getRange(after === undefined ? { limit: most } : { start: after, limit: most + 1 })
    return Array.from(range, ({ key, value }) => [String(key), openEnvelope(String(value))] as const)
      .filter(([id]) => id !== after)
      .slice(0, most)
  }

  /** Returns the ids of the processes that have the file open, without those that were killed. */
  processes(): readonly number[] {
    this.peek('') // enters this process into the table of readers, so that others find it there
    this.#client.readerCheck()
    const pids = this.#client
      .readerList()
      .split('\n')
      .map((line) => Number.parseInt(line, 10))
    return [...new Set(pids.filter((pid) => pid > 0))]
  }

  /**
   * Checks the free space before each write; the system call is cheap. A file system that does not report its size
   * passes.
   *
   * @throws Error when there is too little
   */
  #requireRoom(): void {
    if (!this.path) return
    const { blocks, bavail, bsize } = statfsSync(this.path)
    if (blocks === 0 || bavail * bsize >= reserve) return
    throw new Error(`lmdb store: nothing was written: less than ${reserve} bytes are left on the disk of ${this.path}`)
  }

  /** Reads first, because lmdb throws at a read from a closed file, while a write would end the process. */
  #requireOpen(): void {
    this.refresh()
    this.peek('')
  }

  #ifStill(id: string, held: Marked | undefined, write: () => void): Promise<boolean> {
    this.#requireOpen()
    const done = held ? this.#records.ifVersion(id, held.mark, write) : this.#records.ifNoExists(id, write)
    return this.#committed(done)
  }

  /**
   * Waits for a commit. When it fails, lmdb rejects three promises: the one that it returned, one for the cause, and
   * one for the batch, which is made when the turn ends. All of them are handled here, because an unhandled rejection
   * ends the process.
   *
   * @throws Error with the cause, when nothing was written
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

/** The free bytes of the disk that are kept for removals. */
const reserve = 8 * 1024 * 1024

/**
 * Returns a random mark, so that no two states of an id ever have the same. It is not 0, which lmdb takes for no
 * version.
 */
function freshMark(): number {
  return randomInt(1, 2 ** 48 - 1)
}

function causeOf(error: unknown): unknown {
  const { commitError } = error as { commitError?: Promise<unknown> }
  return commitError ? commitError.catch((cause) => cause) : error
}

function ignore(): void {}
