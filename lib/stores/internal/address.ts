/** The settings in which drivers keep the address that they connect to. Each driver uses a few of these names. */
interface Settings {
  readonly host?: unknown
  readonly hostname?: unknown
  readonly port?: unknown
  readonly path?: unknown
  readonly socketPath?: unknown
  readonly url?: unknown
  readonly baseUrl?: unknown
  readonly uri?: unknown
  readonly connectionString?: unknown
  readonly socket?: unknown
  readonly hosts?: unknown
  readonly sentinels?: unknown
  readonly startupNodes?: unknown
  readonly options?: unknown
  readonly config?: { readonly connection?: unknown; readonly connectionConfig?: unknown } | undefined
  readonly client?: unknown
  readonly pool?: unknown
  readonly $client?: unknown
}

/**
 * Returns the address that a driver's client connects to, as `host:port`, for messages. The result never contains the
 * user name or the password. It is `undefined` when the client does not reveal its address.
 */
export function addressOf(client: unknown): string | undefined {
  return find(client, 0)
}

/** Searches a client recursively: it keeps its settings under one of a few names, and may wrap another client. */
function find(at: unknown, depth: number): string | undefined {
  if (typeof at === 'string') return hostIn(at)
  if (at === null || (typeof at !== 'object' && typeof at !== 'function') || depth === mostDepth) return undefined
  return byUrl(at) ?? severalIn(at, depth) ?? socketIn(at) ?? byHost(at) ?? within(at, depth)
}

const mostDepth = 5

function byUrl({ connectionString, url, uri, baseUrl }: Settings): string | undefined {
  return first([connectionString, url, uri, baseUrl], (text) => (typeof text === 'string' ? hostIn(text) : undefined))
}

function severalIn({ hosts, sentinels, startupNodes }: Settings, depth: number): string | undefined {
  const several = [hosts, sentinels, startupNodes].find(Array.isArray)
  return several?.map((each) => find(each, depth + 1)).join(', ')
}

/**
 * Looked for before the host, because a client that connects to a Unix socket may still carry a default host. Where
 * there is a `hostname`, as in the options of Node's HTTP requests, `path` is a path on that host and not a socket.
 */
function socketIn({ hostname, path, socketPath }: Settings): string | undefined {
  const paths = hostname === undefined ? [socketPath, path] : []
  return first(paths, (each) => (typeof each === 'string' && each.startsWith('/') ? each : undefined))
}

function byHost({ host, hostname, port }: Settings): string | undefined {
  const [named, at] = [[host ?? hostname].flat()[0], [port].flat()[0]]
  return typeof named === 'string' ? joined(named, at) : undefined
}

function within({ options, socket, config, client, pool, $client }: Settings, depth: number): string | undefined {
  const inner = [options, socket, config?.connectionConfig, config?.connection, pool, client, $client]
  return first(inner, (each) => find(each, depth + 1))
}

function first(values: readonly unknown[], told: (value: unknown) => string | undefined): string | undefined {
  for (const value of values) {
    const found = told(value)
    if (found) return found
  }
  return undefined
}

function joined(host: string, port: unknown): string {
  const name = host.includes(':') ? `[${host}]` : host
  return port === undefined || port === null ? name : `${name}:${port}`
}

/**
 * Returns the host and port of a URL, or all of them when the URL lists several hosts. A password that was not
 * percent-encoded may contain the characters that end a host. So the function returns nothing when another `@` follows,
 * or when a part does not look like a host and a port: part of a password must never reach a message.
 */
function hostIn(url: string): string | undefined {
  const [, authority, rest] = /^[a-z][a-z\d+.-]*:\/\/([^/?#\\]*)(.*)$/is.exec(url) ?? []
  if (authority === undefined || rest?.includes('@')) return undefined
  const hosts = authority.slice(authority.lastIndexOf('@') + 1)
  return hosts.split(',').every((each) => /^([\w.-]+|\[[\da-f:.]+\])(:\d+)?$/i.test(each)) ? hosts : undefined
}
