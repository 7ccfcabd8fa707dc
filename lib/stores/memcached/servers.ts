import type { Address } from './address.js'
import type { LinkOptions } from './link.js'
import { Ring } from './ring.js'
import { Server } from './server.js'

/** The servers of a client, and the assignment of keys to them. */
export class Servers {
  readonly #options: LinkOptions
  #all: ReadonlyMap<string, Server> = new Map()
  #ring: Ring<Server> | undefined

  constructor(options: LinkOptions) {
    this.#options = options
  }

  /**
   * Replaces the list. Servers that remain keep their connection. Servers that are gone are closed after the timeout,
   * which gives pending commands time to finish.
   */
  become(addresses: readonly Address[]): void {
    const before = this.#all
    const server = (address: Address) => before.get(address.name) ?? new Server(address, this.#options)
    this.#all = new Map(addresses.map((address) => [address.name, server(address)]))
    this.#ring = new Ring(this.#all)
    for (const [name, gone] of before) {
      if (!this.#all.has(name)) setTimeout(() => gone.close(), this.#options.timeout).unref()
    }
  }

  /** @throws Error when there is no list yet */
  serverOf(key: string): Server {
    if (!this.#ring) throw new Error('memcached: no server is known yet')
    return this.#ring.serverOf(key)
  }

  get all(): readonly Server[] {
    return [...this.#all.values()]
  }

  close(): void {
    for (const server of this.#all.values()) server.close()
  }
}
