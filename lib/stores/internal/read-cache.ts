import type { ReadOptions, StoredRecord } from '../../../types/store.js'

export type Answer = Promise<StoredRecord | undefined>

interface Flight {
  readonly began: number
  readonly answer: Answer
}

interface Kept {
  readonly began: number
  readonly record: StoredRecord
}

/**
 * Records that were read lately, and reads that are under way. The age of a record counts from the moment its read
 * started, because the answer may be as old as that.
 */
export class ReadCache {
  readonly #ttl: number
  readonly #max: number
  /** Ordered by the time at which they were added, so that the oldest come first. */
  readonly #kept = new Map<string, Kept>()
  readonly #flights = new Map<string, Flight>()

  constructor(ttl: number, max: number) {
    this.#ttl = ttl
    this.#max = max
  }

  find(id: string, { fresh = false }: ReadOptions = {}): Answer | undefined {
    if (fresh) return undefined
    const kept = this.#kept.get(id)
    if (kept && this.#isYoung(kept) && kept.record.expires > Date.now()) return Promise.resolve(kept.record)
    const flight = this.#flights.get(id)
    return flight && this.#isYoung(flight) ? flight.answer : undefined
  }

  /**
   * Registers a read that starts now, and returns its answer. The record is kept unless a write or another read of the
   * same id comes in the meantime.
   */
  fetch(id: string, reading: Answer): Answer {
    const began = Date.now()
    const answer = reading.then(
      (record) => {
        if (this.#land(id, answer) && record) this.#keep(id, { began, record })
        return record
      },
      (error) => {
        this.#land(id, answer)
        throw error
      }
    )
    this.#kept.delete(id)
    this.#flights.set(id, { began, answer })
    return answer
  }

  /** Forgets these records, and detaches the reads of them that are under way, so that their answers are not kept. */
  forget(ids: readonly string[]): void {
    for (const id of ids) {
      this.#kept.delete(id)
      this.#flights.delete(id)
    }
  }

  clear(): void {
    this.#kept.clear()
    this.#flights.clear()
  }

  #land(id: string, answer: Answer): boolean {
    return this.#flights.get(id)?.answer === answer && this.#flights.delete(id)
  }

  #keep(id: string, kept: Kept): void {
    this.#kept.set(id, kept)
    for (const [oldest, { began }] of this.#kept) {
      if (this.#kept.size <= this.#max && this.#isYoung({ began })) return
      this.#kept.delete(oldest)
    }
  }

  /** The age is negative after the system clock was set back; the entry then counts as stale, and is read again. */
  #isYoung({ began }: { readonly began: number }): boolean {
    const age = Date.now() - began
    return age >= 0 && age < this.#ttl
  }
}
