import { setTimeout as sleep } from 'node:timers/promises'
import type { Awaitable, RecordStore, StoredRecord, Version } from '../../types/store.js'

/**
 * A store with delays, like one over a network. The file store answers at once, so requests of one process would never
 * overlap, and tests would not notice a shop that overwrites what another request saved.
 */
export class SlowStore implements RecordStore {
  readonly kind = 'record'
  readonly #store: RecordStore
  readonly #delay: number
  #waiting: (() => void)[] = []
  #expected = 0
  #writes = 0
  #creating: Promise<void> = Promise.resolve()

  /** @param delay in ms, before and after each operation */
  constructor(store: RecordStore, delay = 3) {
    this.#store = store
    this.#delay = delay
  }

  /**
   * Holds the answers of the next readers until there are this many, so that all have read before the first of them
   * writes.
   */
  meet(readers: number): void {
    this.#expected = readers
  }

  /** Makes every create from now on wait for this promise. */
  holdCreating(until: Promise<void>): void {
    this.#creating = until
  }

  /** How many times a record was created or changed. */
  get writes(): number {
    return this.#writes
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    const record = await this.#slowly(() => this.#store.read(id))
    await this.#othersRead()
    return record
  }

  async create(id: string, text: string, expires: number): Promise<Version | undefined> {
    this.#writes += 1
    await this.#creating
    return this.#slowly(() => this.#store.create(id, text, expires))
  }

  update(id: string, text: string, expires: number, version: Version): Promise<Version | undefined> {
    this.#writes += 1
    return this.#slowly(() => this.#store.update(id, text, expires, version))
  }

  touch(id: string, expires: number): Promise<boolean> {
    return this.#slowly(() => this.#store.touch(id, expires))
  }

  remove(id: string): Promise<boolean> {
    return this.#slowly(() => this.#store.remove(id))
  }

  async setup(): Promise<void> {
    await this.#store.setup?.()
  }

  async #slowly<T>(work: () => Awaitable<T>): Promise<T> {
    await sleep(this.#delay)
    const result = await work()
    await sleep(this.#delay)
    return result
  }

  async #othersRead(): Promise<void> {
    if (this.#expected === 0) return
    this.#expected -= 1
    const { promise, resolve } = deferred()
    this.#waiting.push(resolve)
    if (this.#expected === 0) for (const answer of this.#waiting.splice(0)) answer()
    await promise
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
