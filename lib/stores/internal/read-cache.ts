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
 * What was read lately, and what is being read. Ages count from the moment at which a read set out: what it answers
 * may be as old as that.
 */
export class ReadCache {
  readonly #ttl: number
  readonly #max: number
  /** In the order in which they came, so that the oldest are first. */
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

  /** What a read that sets out now will answer. It is kept unless it is outrun by a write or by another read. */
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

  /** Forgets what is known, and what is on its way. */
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

  /** A clock that was set back makes an age negative: better read again. */
  #isYoung({ began }: { readonly began: number }): boolean {
    const age = Date.now() - began
    return age >= 0 && age < this.#ttl
  }
}
