import { LONGEST_CACHED, TwoWayCache } from '../util/two-way-cache.js'
import { parseRecord, type SessionRecord } from './record.js'

/** Parses the records of one session that a store gave. */
export class RecordCache {
  readonly #isConstant: (record: SessionRecord) => boolean
  readonly #recent = new TwoWayCache<{ readonly text: string; readonly record: SessionRecord }>()

  constructor(isConstant: (record: SessionRecord) => boolean) {
    this.#isConstant = isConstant
  }

  /** `undefined` if the text is not a record. */
  parse(id: string, text: string): SessionRecord | undefined {
    const known = this.#recent.get(id)
    if (known?.text === text) return known.record
    const record = parseRecord(text)
    if (record !== undefined && this.#recent.wasSeen(id)) this.#remember(id, text, record)
    return record
  }

  /** Takes note of a record that was written, if the one that it replaces is remembered. */
  replace(id: string, text: string, record: SessionRecord): void {
    if (this.#recent.get(id) !== undefined) this.#remember(id, text, record)
  }

  #remember(id: string, text: string, record: SessionRecord): void {
    if (text.length <= LONGEST_CACHED && this.#isConstant(record)) this.#recent.put(id, { text, record })
  }
}
