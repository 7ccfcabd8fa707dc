import type { HistoryEntry } from '../../types/history.js'
import { again, isRepeatable, keyOf } from './entries.js'

/** Where entries are kept. */
export interface Archive {
  add(entry: HistoryEntry): void
  /**
   * The entries that may be about a session of this id, or of this user, all that are about all sessions, and all that do
   * not tell whose they are. Those about one session stand in the order in which they came.
   */
  find(asked: string): Promise<readonly HistoryEntry[]>
  close(): Promise<void>
}

/** In the memory of this process: the newest take the places of the oldest. */
export class Ring implements Archive {
  readonly #size: number
  readonly #entries: HistoryEntry[] = []
  /** Where those stand that may come again. */
  readonly #places = new Map<string, number>()
  #next = 0

  constructor(size: number) {
    this.#size = size
  }

  add(entry: HistoryEntry): void {
    const known = isRepeatable(entry) ? this.#places.get(keyOf(entry)) : undefined
    if (known === undefined) this.#put(entry)
    else this.#entries[known] = again(this.#entries[known] as HistoryEntry, entry)
  }

  async find(): Promise<readonly HistoryEntry[]> {
    return [...this.#entries.slice(this.#next), ...this.#entries.slice(0, this.#next)]
  }

  async close(): Promise<void> {}

  #put(entry: HistoryEntry): void {
    const place = this.#next
    const former = this.#entries[place]
    if (former !== undefined) this.#places.delete(keyOf(former))
    this.#entries[place] = entry
    if (isRepeatable(entry)) this.#places.set(keyOf(entry), place)
    this.#next = (place + 1) % this.#size
  }
}
