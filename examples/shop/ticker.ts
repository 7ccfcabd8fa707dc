import { PassThrough } from 'node:stream'
import type { Orders } from './orders.js'
import { Poll } from './poll.js'
import { stockAfter } from './stock.js'

/**
 * Sends the stock to all listeners, as server-sent events, whenever it has changed. It is checked every `interval` ms.
 */
export class StockTicker {
  readonly #orders: Orders
  readonly #listeners = new Set<PassThrough>()
  readonly #poll: Poll
  #last = ''

  constructor(orders: Orders, interval: number) {
    this.#orders = orders
    this.#poll = new Poll(
      interval,
      () => this.#listeners.size > 0,
      () => this.#look()
    )
  }

  /**
   * Returns a stream of the current stock and its changes. It lasts until it is ended here, or closed by the client.
   */
  async listen(): Promise<PassThrough> {
    await this.#look()
    const stream = new PassThrough()
    stream.once('close', () => this.#listeners.delete(stream))
    send(stream, this.#last)
    this.#listeners.add(stream)
    this.#poll.start()
    return stream
  }

  /** Ends all streams, because the shop closes. Browsers connect again by themselves. */
  close(): void {
    for (const listener of this.#listeners) listener.end()
  }

  async #look(): Promise<void> {
    const next = `data: ${JSON.stringify(await stockAfter(this.#orders))}\n\n`
    if (next === this.#last) return
    this.#last = next
    for (const listener of this.#listeners) send(listener, next)
  }
}

/**
 * Sends an event. A client that does not read fast enough is disconnected, before the unsent events fill the memory
 * (back-pressure); its browser connects again by itself.
 */
function send(listener: PassThrough, text: string): void {
  if (!listener.writableEnded && !listener.write(text)) listener.destroy()
}
