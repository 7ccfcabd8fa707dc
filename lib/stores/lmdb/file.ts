import { randomInt } from 'node:crypto'
import { statfsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { StoredRecord } from '../../../types/store.js'
import type { ConditionalEngine, Held } from '../internal/conditional.js'
import { envelope, openEnvelope } from '../internal/envelope.js'
import type { LmdbClient, LmdbDatabase } from './client.js'

/** A record as it was read, with the mark of that very state: a touch changes the mark, and not the version. */
export interface Marked extends Held {
  readonly mark: number
}

/**
 * The records of one store in a file. A write hands LMDB's writer thread a block that is carried out only if the
 * record's mark is still the one that was read. A callback inside a transaction would need no such condition, but holds
 * the lock of all processes until this one's event loop gets round to it.
 *
 * The database of ends has the ids by the end of their record, for what looks for those that have expired. It is written
 * in the same block.
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

  /** lmdb keeps a snapshot for the rest of a turn, and longer on a busy event loop: others may have written since. */
  refresh(): void {
    this.#client.resetReadTxn()
  }

  /** What a key holds by the snapshot. */
  peek(id: string): Marked | undefined {
    const entry = this.#records.getEntry(id)
    return entry && { record: openEnvelope(String(entry.value)), mark: Number(entry.version) }
  }

  /** The ids of so many records whose end has passed, those first that ended first. */
  ended(most: number): readonly string[] {
    this.refresh()
    return Array.from(this.#ends.getRange({ end: Date.now() + 1, limit: most }), ({ value }) => String(value))
  }

  /** So many records behind an id, whether or not they have ended, in the order of their ids. */
  behind(after: string | undefined, most: number): readonly (readonly [id: string, record: StoredRecord])[] {
    this.refresh()
    const range = this.#records.getRange(after === undefined ? { limit: most } : { start: after, limit: most + 1 })
    return Array.from(range, ({ key, value }) => [String(key), openEnvelope(String(value))] as const)
      .filter(([id]) => id !== after)
      .slice(0, most)
  }

  /** The processes that have the file open, without those that were killed. */
  processes(): readonly number[] {
    this.peek('') // enters this one into the table of readers, for the next one to find
    this.#client.readerCheck()
    const pids = this.#client
      .readerList()
      .split('\n')
      .map((line) => Number.parseInt(line, 10))
    return [...new Set(pids.filter((pid) => pid > 0))]
  }

  /** Takes 2 microseconds. A file system that does not say how big it is passes. */
  #requireRoom(): void {
    if (!this.path) return
    const { blocks, bavail, bsize } = statfsSync(this.path)
    if (blocks === 0 || bavail * bsize >= reserve) return
    throw new Error(`lmdb store: nothing was written: less than ${reserve} bytes are left on the disk of ${this.path}`)
  }

  /** lmdb throws where one reads in a file that was closed; a write would end the process. */
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

/** How many bytes of the disk are kept for removals. */
const reserve = 8 * 1024 * 1024

/** Random, so that no two states of an id ever have the same; not 0, which lmdb takes for none. */
function freshMark(): number {
  return randomInt(1, 2 ** 48 - 1)
}

function causeOf(error: unknown): unknown {
  const { commitError } = error as { commitError?: Promise<unknown> }
  return commitError ? commitError.catch((cause) => cause) : error
}

function ignore(): void {}
