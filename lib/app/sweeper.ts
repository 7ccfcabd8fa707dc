import type { FastifyBaseLogger } from 'fastify'
import type { RecordStore } from '../../types/store.js'

/** Calls `sweep` of stores without a TTL of their own, from time to time. */
export class Sweeper {
  readonly #interval: number
  readonly #log: FastifyBaseLogger
  readonly #abort = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<unknown> = Promise.resolve()

  /** @param interval in seconds; 0 for never */
  constructor(interval: number, log: FastifyBaseLogger) {
    this.#interval = interval
    this.#log = log
  }

  start(stores: readonly RecordStore[]): void {
    const sweepable = stores.filter((store) => store.sweep !== undefined)
    if (this.#interval > 0 && sweepable.length > 0) this.#schedule(sweepable)
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#abort.abort()
    await this.#running
  }

  /** By chance somewhat earlier or later, so that many processes don't sweep at the same time. */
  #schedule(stores: readonly RecordStore[]): void {
    const delay = this.#interval * 1000 * (0.75 + Math.random() / 2)
    this.#timer = setTimeout(() => {
      this.#running = this.#sweep(stores)
    }, delay)
    this.#timer.unref()
  }

  async #sweep(stores: readonly RecordStore[]): Promise<void> {
    for (const store of stores) {
      try {
        const removed = (await store.sweep?.({ signal: this.#abort.signal })) ?? 0
        if (removed > 0) this.#log.debug({ removed }, 'expired sessions were swept')
      } catch (error) {
        if (!this.#abort.signal.aborted) this.#log.error({ err: error }, 'expired sessions could not be swept')
      }
    }
    if (!this.#abort.signal.aborted) this.#schedule(stores)
  }
}
