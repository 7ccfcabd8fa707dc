/** A cookie as a browser stores it (RFC 6265bis §5.7). */
export interface StoredCookie {
  readonly name: string
  readonly value: string
  readonly domain: string
  /** Whether the cookie is sent to this exact host only, because it came without a `Domain` attribute. */
  readonly hostOnly: boolean
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: 'strict' | 'lax' | 'none' | undefined
  /**
   * When the cookie expires, in ms since the epoch; `undefined` for a cookie that lasts until the browser is closed.
   */
  readonly expires: number | undefined
}

/**
 * The cookies of one browser, stored and sent by the rules of RFC 6265bis: domains, paths, expiry, `Secure`, the
 * prefixes `__Host-` and `__Secure-`, and the order by path length. All requests count as same-site, so `SameSite`
 * holds no cookie back. There is no public suffix list.
 */
export class CookieJar {
  /** The cookies in the order in which they were first set. */
  readonly #cookies = new Map<string, StoredCookie>()

  /** The cookies that have not expired, in the order in which they were first set. */
  get all(): readonly StoredCookie[] {
    return [...this.#cookies.values()].filter(isLive)
  }

  /**
   * Stores the cookie of a `Set-Cookie` header that was received from this URL. A cookie that a browser would ignore is
   * ignored.
   */
  set(line: string, from: URL): void {
    const cookie = parse(line, from)
    if (cookie === undefined || !isAllowed(cookie, from)) return
    const key = [cookie.name, cookie.domain, cookie.hostOnly, cookie.path].join(';')
    if (isLive(cookie)) this.#cookies.set(key, cookie)
    else this.#cookies.delete(key)
  }

  /** Returns the `Cookie` header for a request to this URL; `undefined` if no cookie applies (RFC 6265bis §5.8.3). */
  header(url: URL): string | undefined {
    const sent = this.all.filter((cookie) => isFor(cookie, url)).sort((a, b) => b.path.length - a.path.length)
    return sent.length === 0 ? undefined : sent.map(({ name, value }) => (name ? `${name}=${value}` : value)).join('; ')
  }

  /** Removes the cookies that last until the browser is closed. */
  endBrowserSession(): void {
    for (const [key, { expires }] of this.#cookies) if (expires === undefined) this.#cookies.delete(key)
  }

  clear(): void {
    this.#cookies.clear()
  }

  copy(): CookieJar {
    const copy = new CookieJar()
    for (const [key, cookie] of this.#cookies) copy.#cookies.set(key, cookie)
    return copy
  }
}

function parse(line: string, from: URL): StoredCookie | undefined {
  const [pair = '', ...rest] = line.split(';')
  // A pair without `=` is a value without a name (RFC 6265bis §5.6).
  const [name, value] = pair.includes('=') ? halves(pair) : ['', pair.trim()]
  if (name === '' && value === '') return undefined
  const attributes = new Map(rest.map((each) => halves(each)).map(([key, text]) => [key.toLowerCase(), text]))
  const domain = attributes.get('domain')?.replace(/^\./, '').toLowerCase()
  const path = attributes.get('path')
  return {
    name,
    value,
    domain: domain || from.hostname,
    hostOnly: !domain,
    path: path?.startsWith('/') ? path : defaultPath(from),
    secure: attributes.has('secure'),
    httpOnly: attributes.has('httponly'),
    sameSite: (['strict', 'lax', 'none'] as const).find((each) => each === attributes.get('samesite')?.toLowerCase()),
    expires: endOf(attributes)
  }
}

/** Splits a text at its first `=`. */
function halves(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=')
  return at === -1 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

/**
 * Returns when a cookie expires. `Max-Age` takes precedence over `Expires`; an attribute that can't be parsed is
 * ignored.
 */
function endOf(attributes: ReadonlyMap<string, string>): number | undefined {
  const maxAge = attributes.get('max-age')
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Date.now() + Number(maxAge) * 1000
  const expires = Date.parse(attributes.get('expires') ?? '')
  return Number.isNaN(expires) ? undefined : expires
}

/** Returns the default path of a cookie (RFC 6265bis §5.1.4). */
function defaultPath({ pathname }: URL): string {
  return pathname.slice(0, pathname.lastIndexOf('/')) || '/'
}

function isAllowed(cookie: StoredCookie, from: URL): boolean {
  const { name, domain, hostOnly, path, secure } = cookie
  if (!hostOnly && !isWithin(from.hostname, domain)) return false
  if (secure && !isSecure(from)) return false
  if (/^__secure-/i.test(name)) return secure
  return !/^__host-/i.test(name) || (secure && hostOnly && path === '/')
}

function isFor({ domain, hostOnly, path, secure }: StoredCookie, url: URL): boolean {
  const { hostname, pathname } = url
  const isHost = hostOnly ? hostname === domain : isWithin(hostname, domain)
  const isPath = pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`)
  return isHost && isPath && (!secure || isSecure(url))
}

function isWithin(hostname: string, domain: string): boolean {
  return hostname === domain || hostname.endsWith(`.${domain}`)
}

/** Whether the origin counts as secure. Browsers also treat localhost as secure. */
function isSecure({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || hostname === 'localhost' || hostname.endsWith('.localhost')
}

function isLive({ expires }: StoredCookie): boolean {
  return expires === undefined || expires > Date.now()
}
