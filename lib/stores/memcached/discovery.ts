import { type Address, addressAt, type HostAddress } from './address.js'
import { Link, type LinkOptions } from './link.js'
import type { Servers } from './servers.js'

/**
 * Keeps the list of servers up to date by asking the discovery endpoint of a cluster (Memorystore for Memcached,
 * ElastiCache). https://cloud.google.com/memorystore/docs/memcached/auto-discovery-overview
 */
export class Discovery {
  readonly #endpoint: Address
  readonly #options: LinkOptions
  readonly #servers: Servers
  readonly #interval: NodeJS.Timeout
  #version = -1
  #askedAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined

  /** @param interval The milliseconds between two queries. */
  constructor(endpoint: Address, options: LinkOptions, servers: Servers, interval: number) {
    this.#endpoint = endpoint
    this.#options = options
    this.#servers = servers
    this.#interval = setInterval(() => this.#look(), interval).unref()
  }

  get endpoint(): string {
    return this.#endpoint.name
  }

  /** Resolves once there is a list. Rejects if the endpoint does not return one; the next call asks again. */
  async ready(): Promise<void> {
    if (this.#version === -1) await this.#ask()
  }

  /**
   * Called when a server does not answer, since it may have left the cluster. Asks for the list, at most once a second.
   */
  suspect(): void {
    if (performance.now() - this.#askedAt > shortestInterval) this.#look()
  }

  close(): void {
    clearInterval(this.#interval)
  }

  /**
   * Asks for the list in the background. A failure changes nothing: the servers of the last list stay in use until the
   * next query.
   */
  #look(): void {
    this.#ask().catch(() => {})
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#take().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  /** Takes over a newer list. An older one comes from a node that has not learned of the last change yet. */
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
  /** Increases with every change of the list. */
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
 * Parses the endpoint's answer: the version, and on the next line `host|ip|port` for each server. With TLS the host
 * name is used, because certificates are issued for it; otherwise the IP address, which saves a DNS lookup.
 *
 * @throws Error when it is no such list
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
