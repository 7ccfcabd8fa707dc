import type { Address } from './address.js'
import { Link, type LinkOptions } from './link.js'

/**
 * One server, through one connection at a time. It is opened when it is needed. After it could not be, or brought no
 * answer, the next attempt waits a little longer each time, and what is asked meanwhile fails at once.
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

  /** The connection to ask; one that has ended rejects with the reason. */
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
