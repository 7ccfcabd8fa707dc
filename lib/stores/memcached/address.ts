import { StoreConfigError } from '../../errors.js'

/** The address of a server. `name` appears in errors, and determines the server's position in the ring. */
export type Address = HostAddress | SocketAddress

export interface HostAddress {
  readonly name: string
  readonly host: string
  readonly port: number
}

/** A Unix socket. */
export interface SocketAddress {
  readonly name: string
  readonly path: string
}

/**
 * Parses an address; the default port is 11211.
 * @throws StoreConfigError when the text is no address
 */
export function addressOf(text: string): Address {
  if (typeof text === 'string' && text.startsWith('/')) return { name: text, path: text }
  const parts = /^(?:\[([0-9a-f:.]+)\]|([^\s:/@[\]]+))(?::(\d{1,5}))?$/i.exec(text)
  const port = Number(parts?.[3] ?? 11211)
  if (!parts || port === 0 || port > 65535) {
    throw new StoreConfigError(
      'memcached',
      `"${text}" is no address: write "host:port", "[::1]:11211" or the path of a Unix socket`
    )
  }
  return addressAt((parts[1] ?? parts[2]) as string, port)
}

export function addressAt(host: string, port: number): HostAddress {
  return { name: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`, host, port }
}
