import type { FastifyBaseLogger } from 'fastify'
import type { RecordStore } from '../../types/store.js'
import type { AppTelling } from './telling.js'

/** Stores with their names. */
type NamedStores = readonly (readonly [name: string, store: RecordStore])[]

/** Regularly calls `sweep` of stores whose engine has no TTL. */
export class Sweeper {
  readonly #interval: number
  readonly #log: FastifyBaseLogger
  readonly #telling: AppTelling
  readonly #abort = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<unknown> = Promise.resolve()

  /** @param interval in seconds; 0 for never */
  constructor(interval: number, log: FastifyBaseLogger, telling: AppTelling) {
    this.#telling = telling
    this.#interval = interval
    this.#log = log
  }

  /** @param stores by name; a store may have several names */
  start(stores: ReadonlyMap<string, RecordStore>): void {
    const named = [...stores]
    const isFirst = (store: RecordStore, at: number) => named.findIndex(([, other]) => other === store) === at
    const sweepable = named.filter(([, store], at) => store.sweep !== undefined && isFirst(store, at))
    if (this.#interval > 0 && sweepable.length > 0) this.#schedule(sweepable)
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#abort.abort()
    await this.#running
  }

  /**
   * Schedules the next sweep, randomly somewhat earlier or later, so that many processes don't sweep at the same time.
   */
  #schedule(stores: NamedStores): void {
    const delay = this.#interval * 1000 * (0.75 + Math.random() / 2)
    this.#timer = setTimeout(() => {
      this.#running = this.#sweep(stores)
    }, delay)
    this.#timer.unref()
  }

  async #sweep(stores: NamedStores): Promise<void> {
    for (const [name, store] of stores) await this.#sweepOne(name, store)
    if (!this.#abort.signal.aborted) this.#schedule(stores)
  }

  async #sweepOne(name: string, store: RecordStore): Promise<void> {
    const since = performance.now()
    try {
      const removed = (await store.sweep?.({ signal: this.#abort.signal })) ?? 0
      if (removed > 0) this.#telling.swept(name, removed, since)
    } catch (error) {
      if (this.#abort.signal.aborted) return
      this.#log.error({ err: error }, 'expired sessions could not be swept')
      this.#telling.sweepFailed(name, error, since)
    }
  }
}
