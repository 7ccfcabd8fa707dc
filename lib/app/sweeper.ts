import type { FastifyBaseLogger } from 'fastify'
import type { RecordStore } from '../../types/store.js'
import type { AppTelling } from './telling.js'

/** Stores by name. A store may have several names. */
type NamedStores = ReadonlyMap<string, RecordStore>

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

  start(stores: NamedStores): void {
    const sweepable = new Map([...stores].filter(([name, store]) => store.sweep !== undefined && isFirst(stores, name)))
    if (this.#interval > 0 && sweepable.size > 0) this.#schedule(sweepable)
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

/** Whether this is the first name of its store, so that a store with several names is swept once. */
function isFirst(stores: NamedStores, name: string): boolean {
  return [...stores].find(([, store]) => store === stores.get(name))?.[0] === name
}
