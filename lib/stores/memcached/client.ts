import type { ConnectionOptions } from 'node:tls'
import { StoreConfigError } from '../../errors.js'
import { requireTimeout } from '../internal/in-time.js'
import { addressOf } from './address.js'
import { Discovery } from './discovery.js'
import type { Credentials, Link, LinkOptions } from './link.js'
import type { Reply } from './replies.js'
import type { Server } from './server.js'
import { Servers } from './servers.js'

export interface MemcachedClientOptions {
  /**
   * The servers, each as `"host:port"`, `"[::1]:11211"` or the path of a Unix socket. The port may be left out if it is
   * 11211.
   */
  readonly servers?: string | readonly string[]
  /** Instead of `servers`: the discovery endpoint of a Memorystore or ElastiCache cluster, `"host:port"`. */
  readonly discovery?: string
  /** How often to ask the discovery endpoint for the list of servers, in milliseconds. Default: 60,000. */
  readonly refresh?: number
  /** How long a call waits for an answer before it rejects, in milliseconds. Default: 2000. */
  readonly timeout?: number
  /** `true`, or options for `tls.connect`, if the servers speak TLS. */
  readonly tls?: boolean | ConnectionOptions
  /**
   * Credentials for servers with an `--auth-file`, or for MemCachier. They are sent in plain text, so use `tls` with
   * them.
   */
  readonly auth?: Credentials
}

/** Identifies a state of a value, for one `cas` on the connection over which it was read. */
export interface Token {
  readonly link: Link
  readonly cas: string
}

export interface TokenedValue {
  readonly value: string
  readonly token: Token
}

/**
 * A client for memcached with the commands that the store needs, over the classic text protocol, which every server and
 * every hosted memcached speaks. Commands are pipelined over one connection to each server. When a server is down,
 * calls for its keys fail and no others. Its keys never move to another server for a while, because that server might
 * have them in an older state.
 */
export class MemcachedClient {
  readonly #servers: Servers
  readonly #discovery: Discovery | undefined
  #closed = false

  /** @throws StoreConfigError when an option can't work */
  constructor(options: MemcachedClientOptions) {
    const linkOptions = linkOptionsOf(options)
    this.#servers = new Servers(linkOptions)
    if (options.discovery === undefined) this.#servers.become(listed(options.servers))
    else this.#discovery = new Discovery(endpointOf(options), linkOptions, this.#servers, refreshOf(options))
  }

  /** Resolves to the values of those keys that have one, in one round trip to each server involved. */
  async gets(keys: readonly string[]): Promise<ReadonlyMap<string, TokenedValue>> {
    await this.#ready()
    const byServer = new Map<Server, string[]>()
    for (const key of keys) {
      const server = this.#servers.serverOf(key)
      byServer.set(server, [...(byServer.get(server) ?? []), key])
    }
    const found = await Promise.all(Array.from(byServer, ([server, own]) => this.#getsFrom(server, own)))
    return new Map(found.flat())
  }

  /** Writes the value if the key has none. `seconds` is memcached's exptime. `false`: the key has a value. */
  async add(key: string, value: string, seconds: number): Promise<boolean> {
    await this.#ready()
    const { link } = this.#servers.serverOf(key)
    const reply = await this.#store(link, `add ${key} 0 ${seconds}`, value, '')
    return meaning(reply, { STORED: true, NOT_STORED: false })
  }

  /** Replaces exactly the state that the token identifies. `changed`: read again; `gone`: the key has no value. */
  async cas(key: string, value: string, seconds: number, token: Token): Promise<'stored' | 'changed' | 'gone'> {
    await this.#ready()
    const { link } = this.#servers.serverOf(key)
    // A restarted server numbers its states from 1 again, so a token from before could match another value.
    if (link !== token.link) return 'changed'
    const reply = await this.#store(link, `cas ${key} 0 ${seconds}`, value, ` ${token.cas}`)
    return meaning(reply, { STORED: 'stored', EXISTS: 'changed', NOT_FOUND: 'gone' })
  }

  async delete(key: string): Promise<boolean> {
    await this.#ready()
    const { link } = this.#servers.serverOf(key)
    return meaning(await this.#ask(link, `delete ${key}\r\n`), { DELETED: true, NOT_FOUND: false })
  }

  /** Resolves when every server answers. */
  async ping(): Promise<void> {
    await this.#ready()
    await Promise.all(this.#servers.all.map(({ link }) => this.#ask(link, 'version\r\n')))
  }

  /** The addresses of the servers, or that of the discovery endpoint, for messages. */
  get address(): string {
    return this.#discovery?.endpoint ?? this.#servers.all.map(({ address }) => address.name).join(', ')
  }

  /** Closes the connections. Calls that are under way reject. */
  close(): void {
    this.#closed = true
    this.#discovery?.close()
    this.#servers.close()
  }

  async #ready(): Promise<void> {
    await this.#discovery?.ready()
    if (this.#closed) throw new Error('memcached: the client was closed')
  }

  async #getsFrom({ link }: Server, keys: readonly string[]): Promise<readonly (readonly [string, TokenedValue])[]> {
    const reply = await this.#ask(link, `gets ${keys.join(' ')}\r\n`)
    return meaning(reply, {
      END: reply.items.map(({ key, data, cas = '' }) => [key, { value: data, token: { link, cas } }] as const)
    })
  }

  async #store(link: Link, start: string, value: string, end: string): Promise<Reply> {
    const bytes = Buffer.byteLength(value)
    try {
      return await this.#ask(link, `${start} ${bytes}${end}\r\n${value}\r\n`)
    } catch (error) {
      throw isTooLarge(error) ? tooLarge(bytes, error) : error
    }
  }

  async #ask(link: Link, command: string): Promise<Reply> {
    try {
      return await link.ask(command)
    } catch (error) {
      if (!link.open) this.#discovery?.suspect()
      throw error
    }
  }
}

function meaning<T>({ line }: Reply, meanings: Readonly<Record<string, T>>): T {
  if (Object.hasOwn(meanings, line)) return meanings[line] as T
  throw new Error(`memcached: unexpected answer "${line}"`)
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && error.message.includes('object too large')
}

function tooLarge(bytes: number, cause: unknown): RangeError {
  return new RangeError(
    `memcached: a record of ${bytes} bytes is beyond the server's item_size_max (1 MB unless it was started with -I)`,
    { cause }
  )
}

function linkOptionsOf({ timeout = 2000, tls, auth }: MemcachedClientOptions): LinkOptions {
  requireTimeout('memcached', timeout)
  if (auth && /\s/.test(auth.username + auth.password)) {
    throw new StoreConfigError('memcached', 'auth must be a username and a password without white space')
  }
  if (auth?.scheme !== undefined && auth.scheme !== 'memcached' && auth.scheme !== 'memcachier') {
    throw new StoreConfigError('memcached', 'auth.scheme must be "memcached" or "memcachier", or be left out')
  }
  return { timeout, auth, tls: tls === true ? {} : tls || undefined }
}

function listed(servers: MemcachedClientOptions['servers']) {
  const list = typeof servers === 'string' ? [servers] : servers
  if (Array.isArray(list) && list.length > 0) return list.map(addressOf)
  throw new StoreConfigError('memcached', 'servers must name at least one server, such as "localhost:11211"')
}

function endpointOf({ servers, discovery = '' }: MemcachedClientOptions) {
  if (servers === undefined) return addressOf(discovery)
  throw new StoreConfigError('memcached', 'write either servers or discovery, not both')
}

function refreshOf({ refresh = 60_000 }: MemcachedClientOptions): number {
  requireTimeout('memcached', refresh, 'refresh')
  return refresh
}
