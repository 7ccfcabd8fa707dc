/** What the clients of this world tell of where they connect to. */
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
 * Where a driver's client connects to, as `host:port`, for a message: never the user or the password beside it.
 * `undefined` where it does not tell.
 */
export function addressOf(client: unknown): string | undefined {
  return find(client, 0)
}

/** Clients keep their settings under one of a few names, and wrap other clients. */
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

/** A host by default may stand beside a socket; what has a `hostname`, as Node's requests do, has a path on that host. */
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
 * Host and port of a URL, or of several hosts in one. A password that is not encoded may hold any sign that ends a host:
 * with an `@` further on, or with what can't be a host or a port, nothing is told at all.
 */
function hostIn(url: string): string | undefined {
  const [, authority, rest] = /^[a-z][a-z\d+.-]*:\/\/([^/?#\\]*)(.*)$/is.exec(url) ?? []
  if (authority === undefined || rest?.includes('@')) return undefined
  const hosts = authority.slice(authority.lastIndexOf('@') + 1)
  return hosts.split(',').every((each) => /^([\w.-]+|\[[\da-f:.]+\])(:\d+)?$/i.test(each)) ? hosts : undefined
}
