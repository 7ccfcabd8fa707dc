import { type Address, addressAt, type HostAddress } from './address.js'
import { Link, type LinkOptions } from './link.js'
import type { Servers } from './servers.js'

/**
 * Keeps the list of servers as the discovery endpoint of a cluster (Memorystore for Memcached, ElastiCache) gives it.
 * https://cloud.google.com/memorystore/docs/memcached/auto-discovery-overview
 */
export class Discovery {
  readonly #endpoint: Address
  readonly #options: LinkOptions
  readonly #servers: Servers
  readonly #interval: NodeJS.Timeout
  #version = -1
  #askedAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined

  /** `interval`: milliseconds from one look at the list to the next. */
  constructor(endpoint: Address, options: LinkOptions, servers: Servers, interval: number) {
    this.#endpoint = endpoint
    this.#options = options
    this.#servers = servers
    this.#interval = setInterval(() => this.#look(), interval).unref()
  }

  get endpoint(): string {
    return this.#endpoint.name
  }

  /** Resolves once there is a list. Rejects if the endpoint has none to give; the next call asks again. */
  async ready(): Promise<void> {
    if (this.#version === -1) await this.#ask()
  }

  /** A server did not answer: perhaps it is gone. Looks soon, but not with every command that fails. */
  suspect(): void {
    if (performance.now() - this.#askedAt > shortestInterval) this.#look()
  }

  close(): void {
    clearInterval(this.#interval)
  }

  /** A look that fails changes nothing: the servers are still those of the last list, and the next look is to come. */
  #look(): void {
    this.#ask().catch(() => {})
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#take().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  /** A list older than the one at hand comes from a node that has not heard the news yet. */
  async #take(): Promise<void> {
    this.#askedAt = performance.now()
    const { version, servers } = await discover(this.#endpoint, this.#options)
    if (version <= this.#version) return
    this.#version = version
    this.#servers.become(servers)
  }
}

const shortestInterval = 1000

interface Topology {
  /** Grows with every change of the list. */
  readonly version: number
  readonly servers: readonly HostAddress[]
}

async function discover(endpoint: Address, options: LinkOptions): Promise<Topology> {
  const link = new Link(endpoint, options)
  try {
    const { items } = await link.ask('config get cluster\r\n')
    return topologyIn(items[0]?.data ?? '', options.tls !== undefined)
  } finally {
    link.end(new Error('the list was read'))
  }
}

/**
 * The version, and on the next line `host|ip|port` for each server. Certificates are for host names; without them the
 * address saves a look-up.
 */
function topologyIn(payload: string, byName: boolean): Topology {
  const [version = '', ...nodes] = payload.trim().split(/\s+/)
  const servers = nodes.map((node) => {
    const [host = '', ip = '', port = ''] = node.split('|')
    return addressAt(byName ? host || ip : ip || host, Number(port))
  })
  if (/^\d+$/.test(version) && servers.length > 0 && servers.every(usable)) return { version: Number(version), servers }
  throw new Error(`memcached discovery: this is no list of servers: ${JSON.stringify(payload.slice(0, 200))}`)
}

function usable({ host, port }: HostAddress): boolean {
  return host !== '' && Number.isInteger(port) && port > 0 && port <= 65535
}
