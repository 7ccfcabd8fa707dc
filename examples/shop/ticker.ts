import { PassThrough } from 'node:stream'
import type { Orders } from './orders.js'
import { Poll } from './poll.js'
import { stockAfter } from './stock.js'

/** Sends the stock to all who listen, as server-sent events, when it has changed. Looks every `interval` ms. */
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

  /** The stock as it is and then as it changes, until the stream is ended here or closed by who listens. */
  async listen(): Promise<PassThrough> {
    await this.#look()
    const stream = new PassThrough()
    stream.once('close', () => this.#listeners.delete(stream))
    send(stream, this.#last)
    this.#listeners.add(stream)
    this.#poll.start()
    return stream
  }

  /** The shop closes: browsers come back by themselves when it is open again. */
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

/** Who does not read what is sent is let go, before it fills the memory; the browser comes back by itself. */
function send(listener: PassThrough, text: string): void {
  if (!listener.writableEnded && !listener.write(text)) listener.destroy()
}
