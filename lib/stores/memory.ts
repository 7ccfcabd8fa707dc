import { setImmediate as nextTurn } from 'node:timers/promises'
import type {
  EvictingStore,
  PageOptions,
  RecordPage,
  RecordStore,
  StoredRecord,
  Version,
  Write,
  WriteResult
} from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { perform } from '../util/perform.js'
import { BoundedEntries } from './internal/bounded-entries.js'
import { storeOptions } from './internal/options.js'
import { nextAfter } from './internal/pages.js'

export interface MemoryStoreOptions {
  /** The most records to keep. With `Infinity` only `maxBytes` is a bound. Default: 1,000,000. */
  readonly maxRecords?: number
  /**
   * The most bytes of heap that the records may take, by estimate: 280 for each record, and for its text one byte a
   * character, or two if any character is beyond U+00FF. Default: a quarter of V8's heap limit.
   */
  readonly maxBytes?: number
}

export type MemoryStore = RecordStore &
  EvictingStore &
  Required<Pick<RecordStore, 'readMany' | 'saveMany' | 'list' | 'clear' | 'sweep'>>

/**
 * Keeps records in the memory of this process: for development, for tests, and for a server that runs as one process
 * and may lose its sessions at a restart. When the store is full, it drops expired records first, and then evicts the
 * least recently used ones. A record that is larger than `maxBytes` by itself is refused: the write throws a
 * `RangeError`.
 *
 * @throws StoreConfigError when a bound is not a number of at least 1.
 * @example
 * ```ts
 * const options = defineSessions({ stores: { memory: memoryStore({ maxRecords: 50_000 }) }, … })
 * ```
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const { maxRecords = 1_000_000, maxBytes = quarterOfHeap() } = storeOptions('memory', options, {
    maxRecords: true,
    maxBytes: true
  })
  requireBound('maxRecords', maxRecords)
  requireBound('maxBytes', maxBytes)
  return new InMemory(new BoundedEntries(maxRecords, maxBytes))
}

/** How many records a sweep removes before it lets other tasks run: about a millisecond of work. */
const slice = 500

/** Each method is atomic, because it does not await between reading and writing. Most return without a promise. */
class InMemory implements MemoryStore {
  readonly kind = 'record'
  readonly capabilities = {
    compareAndSet: 'process',
    note: 'records live in the memory of this process: other processes do not see them, a restart loses them'
  } as const

  readonly #entries: BoundedEntries
  /** The last version. `remove` and `clear` do not reset it, so that no id ever gets the same version twice. */
  #lastVersion = 0

  constructor(entries: BoundedEntries) {
    this.#entries = entries
  }

  read(id: string): StoredRecord | undefined {
    const entry = this.#entries.use(id)
    return entry && { text: entry.text, version: entry.version, expires: entry.expires }
  }

  create(id: string, text: string, expires: number): Version | undefined {
    if (this.#entries.use(id)) return undefined
    this.#entries.add(id, text, ++this.#lastVersion, expires)
    return this.#lastVersion
  }

  update(id: string, text: string, expires: number, version: Version): Version | undefined {
    const entry = this.#entries.use(id)
    if (entry === undefined || entry.version !== version) return undefined
    this.#entries.rewrite(entry, text, ++this.#lastVersion, expires)
    return this.#lastVersion
  }

  touch(id: string, expires: number): boolean {
    const entry = this.#entries.use(id)
    if (entry) this.#entries.move(entry, expires)
    return entry !== undefined
  }

  remove(id: string): boolean {
    const entry = this.#entries.use(id)
    if (entry) this.#entries.drop(entry)
    return entry !== undefined
  }

  readMany(ids: readonly string[]): readonly (StoredRecord | undefined)[] {
    return ids.map((id) => this.read(id))
  }

  saveMany(writes: readonly Write[]): Promise<readonly WriteResult[]> {
    return Promise.all(writes.map(async (write) => perform(this, write)))
  }

  onEvict(listener: (id: string) => void): void {
    this.#entries.onEvict(listener)
  }

  list({ after, limit }: PageOptions): RecordPage {
    const ids = this.#entries.idsBehind(after, limit)
    const records = ids.flatMap((id) => {
      const entry = this.#entries.peek(id)
      return entry === undefined ? [] : { id, text: entry.text, version: entry.version, expires: entry.expires }
    })
    return { records, next: nextAfter(ids, limit) }
  }

  async clear(): Promise<void> {
    this.#entries.clear()
  }

  async sweep({ signal }: { readonly signal?: AbortSignal } = {}): Promise<number> {
    let swept = 0
    while (!signal?.aborted) {
      const dropped = this.#entries.dropExpired(slice)
      swept += dropped
      if (dropped < slice) break
      await nextTurn()
    }
    return swept
  }
}

/**
 * Returns a quarter of V8's heap limit in bytes. `node:v8` is loaded here, because it would add to the start time of
 * apps that use other stores.
 */
function quarterOfHeap(): number {
  return Math.floor(process.getBuiltinModule('node:v8').getHeapStatistics().heap_size_limit / 4)
}

/** @throws StoreConfigError when it is not a number of at least 1 */
function requireBound(name: string, bound: number): void {
  if (typeof bound === 'number' && bound >= 1) return
  throw new StoreConfigError('memory', `${name} must be a number of at least 1, or be left out; it is ${String(bound)}`)
}
