import type { Address } from './address.js'
import { Link, type LinkOptions } from './link.js'

/**
 * One server, through one connection at a time, which is opened on demand. When a connection fails, or brings no
 * answer, the next attempt is delayed, each time for longer, and calls in the meantime fail at once.
 */
export class Server {
  readonly address: Address
  readonly #options: LinkOptions
  #link: Link | undefined
  #failures = 0
  #retryAt = 0

  constructor(address: Address, options: LinkOptions) {
    this.address = address
    this.#options = options
  }

  /** The connection for the next command. A connection that has ended rejects it with the reason. */
  get link(): Link {
    if (this.#link && (this.#link.open || performance.now() < this.#retryAt)) return this.#link
    this.#link = new Link(this.address, this.#options, (ended) => this.#wait(ended))
    return this.#link
  }

  close(): void {
    this.#link?.end(new Error('the client was closed'))
  }

  #wait({ proven }: Link): void {
    this.#failures = proven ? 0 : this.#failures + 1
    this.#retryAt = proven ? 0 : performance.now() + Math.min(longestWait, shortestWait * 2 ** this.#failures)
  }
}

const shortestWait = 50
const longestWait = 2000
