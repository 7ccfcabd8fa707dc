import { LONGEST_CACHED, TwoWayCache } from '../util/two-way-cache.js'
import { parseRecord, type SessionRecord } from './record.js'

/** Parses the records that a store returns for one definition, and caches them by id from the second read on. */
export class RecordCache {
  readonly #isConstant: (record: SessionRecord) => boolean
  readonly #cache = new TwoWayCache<{ readonly text: string; readonly record: SessionRecord }>()

  constructor(isConstant: (record: SessionRecord) => boolean) {
    this.#isConstant = isConstant
  }

  /** Parses a record. `undefined`: the text is not a record. */
  parse(id: string, text: string): SessionRecord | undefined {
    const cached = this.#cache.get(id)
    if (cached?.text === text) return cached.record
    const record = parseRecord(text)
    if (record !== undefined && this.#cache.wasSeen(id)) this.#remember(id, text, record)
    return record
  }

  /** Replaces a cached record by the one that was written. It does nothing if the id is not cached. */
  replace(id: string, text: string, record: SessionRecord): void {
    if (this.#cache.get(id) !== undefined) this.#remember(id, text, record)
  }

  #remember(id: string, text: string, record: SessionRecord): void {
    if (text.length <= LONGEST_CACHED && this.#isConstant(record)) this.#cache.put(id, { text, record })
  }
}
