/** What the clients of this world tell of where they connect to. */
interface Settings {
  readonly host?: unknown
  readonly hostname?: unknown
  readonly port?: unknown
  readonly path?: unknown
  readonly url?: unknown
  readonly baseUrl?: unknown
  readonly uri?: unknown
  readonly connectionString?: unknown
  readonly socket?: unknown
  readonly hosts?: unknown
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
  const { host, hostname, port, path, url, baseUrl, uri, connectionString, hosts } = at as Settings
  const { socket, options, config, client, pool, $client } = at as Settings
  for (const text of [connectionString, url, uri, baseUrl]) {
    const found = typeof text === 'string' ? hostIn(text) : undefined
    if (found) return found
  }
  if (Array.isArray(hosts)) return hosts.map((each) => find(each, depth + 1)).join(', ')
  const named = [host ?? hostname].flat()[0]
  if (typeof named === 'string') return joined(named, [port].flat()[0])
  if (typeof path === 'string' && path.startsWith('/')) return path
  for (const inner of [options, socket, config?.connectionConfig, config?.connection, pool, client, $client]) {
    const found = find(inner, depth + 1)
    if (found) return found
  }
  return undefined
}

const mostDepth = 5

function joined(host: string, port: unknown): string {
  const name = host.includes(':') ? `[${host}]` : host
  return port === undefined || port === null ? name : `${name}:${port}`
}

/** Host and port of a URL, or of several hosts in one: whatever stands before an `@` is left out. */
function hostIn(url: string): string | undefined {
  return /^[a-z][a-z\d+.-]*:\/\/(?:[^/?#]*@)?([^/?#@]+)/i.exec(url)?.[1]
}
