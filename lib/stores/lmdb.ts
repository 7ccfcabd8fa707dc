import type { AsyncRecordStore, PageOptions, RecordPage, StoredRecord, Write, WriteResult } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { perform } from '../util/perform.js'
import { ConditionalRecords, live } from './internal/conditional.js'
import { storeOptions } from './internal/options.js'
import { nextAfter } from './internal/pages.js'
import { allDone } from './internal/writes.js'
import type { LmdbClient, LmdbDatabase } from './lmdb/client.js'
import { LmdbFile, type Marked } from './lmdb/file.js'

export type { LmdbClient, LmdbDatabase } from './lmdb/client.js'

export interface LmdbStoreOptions {
  /** The root database of a file, which `open` of the package `lmdb` returned, without `dupSort` or `readOnly`. */
  readonly client: LmdbClient
  /**
   * The name of this store's records in the file: letters, digits, `_`, `-` and `.`, up to 100 of them. The store opens
   * two databases in the file, `NAME` and `NAME:ends`, which count towards `maxDbs` (12 by default). Default:
   * `'sessions'`.
   */
  readonly name?: string
}

export type LmdbStore = AsyncRecordStore &
  Required<Pick<AsyncRecordStore, 'readMany' | 'saveMany' | 'list' | 'setup' | 'clear' | 'sweep'>>

/**
 * Keeps records in one file, by LMDB: embedded, without a server, and safe against the process being killed at any
 * instant. It serves the same purpose as Bolt in the Go ecosystem. Tested with lmdb 3.5.
 *
 * Only one process should write to a file. Others may read it, and a new process may take over while the old one ends.
 * Several writers do not overwrite one another's changes. But when one of them is killed during a write (`SIGKILL`, out
 * of memory), lmdb 3.5 sometimes leaves the others with writes that reject (`MDB_BAD_TXN`, `MDB_PANIC`) or with records
 * that they can't find. `overlappingSync: false` makes that rarer and does not prevent it. `setup` warns if another
 * process has the file open. For several processes use `fileStore`.
 *
 * Reads come straight from memory that is mapped to the file. Writes are committed on another thread, all those of one
 * turn of the event loop together, and are done when the disk has them (unless the file was opened with `noSync` or
 * `separateFlushed`). So a series of single writes takes as long as the disk takes to flush each, while many at once
 * hardly take longer than one.
 *
 * - A local disk only: LMDB needs locks and shared memory, which network file systems lack.
 * - A process that is stopped (not killed) during a commit blocks the writers of all other processes, but not their
 *   readers.
 * - The file grows as needed, whatever `mapSize` says. It keeps its size when records are removed; their space is
 *   reused.
 * - When less than 8 MiB are left on the disk, all writes but `remove` reject: a removal needs some space too, and lmdb
 *   3.5 itself can crash the process when a disk is full to the last page.
 *
 * @throws StoreConfigError when the client is not a root database, the name is not allowed, or the file has no room for
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
  // The root database's `compression` and `cache` are meant for the app's own values.
  const records = openIn(client, name, { encoding: 'string', useVersions: true, compression: false })
  const ends = openIn(client, `${name}:ends`, { encoding: 'ordered-binary', dupSort: true, compression: false })
  return new InLmdb(new LmdbFile(client, records, ends))
}

class InLmdb extends ConditionalRecords<Marked> implements LmdbStore {
  readonly kind = 'record'
  readonly #file: LmdbFile

  constructor(file: LmdbFile) {
    super(file, 'lmdb')
    this.#file = file
  }

  async readMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    this.#file.refresh()
    return ids.map((id) => live(this.#file.peek(id))?.record)
  }

  saveMany(writes: readonly Write[]): Promise<readonly WriteResult[]> {
    return allDone(writes.map((write) => perform(this, write)))
  }

  async list({ after, limit }: PageOptions): Promise<RecordPage> {
    const found = this.#file.behind(after, limit)
    const now = Date.now()
    const records = found.flatMap(([id, record]) => (record.expires > now ? { id, ...record } : []))
    return {
      records,
      next: nextAfter(
        found.map(([id]) => id),
        limit
      )
    }
  }

  async setup(): Promise<void> {
    const others = this.#file.processes().filter((pid) => pid !== process.pid)
    if (others.length > 0) process.emitWarning(severalProcesses(this.#file.path, others), { code })
  }

  clear(): Promise<void> {
    return this.#file.clear()
  }

  async sweep({ signal }: { readonly signal?: AbortSignal } = {}): Promise<number> {
    let removed = 0
    for (let some = slice; some > 0 && !signal?.aborted; removed += some) {
      const gone = await allDone(this.#file.ended(slice).map((id) => this.#sweepOne(id)))
      some = gone.filter(Boolean).length
    }
    return removed
  }

  /**
   * Removes a record if it has expired, by the snapshot in which its end was found: if it has changed since, nothing is
   * removed.
   */
  async #sweepOne(id: string): Promise<boolean> {
    const held = this.#file.peek(id)
    return held !== undefined && !live(held) && this.#file.delete(id, held)
  }
}

/** How many records a sweep removes in one commit. */
const slice = 500

const code = 'FST_SESSIONS_LMDB_PROCESSES'

function severalProcesses(path: string | undefined, others: readonly number[]): string {
  return `lmdb store: ${path ?? 'its file'} is open in another process too (${others.join(', ')}). If that one writes to it as well, a kill of either can damage the other: let one process write, or use fileStore for several.`
}

/** @throws StoreConfigError when the database can't be opened */
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
