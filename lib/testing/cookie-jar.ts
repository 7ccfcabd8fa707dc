/** A cookie as a browser keeps it. RFC 6265bis §5.7. */
export interface StoredCookie {
  readonly name: string
  readonly value: string
  readonly domain: string
  /** Only this very host gets it: no `Domain` attribute came. */
  readonly hostOnly: boolean
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: 'strict' | 'lax' | 'none' | undefined
  /** In ms since the epoch; `undefined`: until the browser is closed. */
  readonly expires: number | undefined
}

/**
 * The cookies of one browser, kept and sent by the rules of RFC 6265bis: domains, paths, expiry, `Secure`, the prefixes
 * `__Host-` and `__Secure-`, the longest path first. All requests count as those of one site, so that `SameSite` keeps none
 * back, and there is no list of public suffixes.
 */
export class CookieJar {
  /** In the order in which they were first set. */
  readonly #cookies = new Map<string, StoredCookie>()

  /** All that have not expired, in the order in which they were first set. */
  get all(): readonly StoredCookie[] {
    return [...this.#cookies.values()].filter(isLive)
  }

  /** Takes over a `Set-Cookie` header that came from a page. What a browser would ignore is ignored. */
  set(line: string, from: URL): void {
    const cookie = parse(line, from)
    if (cookie === undefined || !isAllowed(cookie, from)) return
    const key = [cookie.name, cookie.domain, cookie.hostOnly, cookie.path].join(';')
    if (isLive(cookie)) this.#cookies.set(key, cookie)
    else this.#cookies.delete(key)
  }

  /** The `Cookie` header for a page; `undefined` where there is none. RFC 6265bis §5.8.3. */
  header(url: URL): string | undefined {
    const sent = this.all.filter((cookie) => isFor(cookie, url)).sort((a, b) => b.path.length - a.path.length)
    return sent.length === 0 ? undefined : sent.map(({ name, value }) => (name ? `${name}=${value}` : value)).join('; ')
  }

  /** Forgets those that last until the browser is closed. */
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
  // A text without `=` is a value, RFC 6265bis §5.6.
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

/** What stands around the first `=`. */
function halves(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=')
  return at === -1 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

/** `Max-Age` counts before `Expires`; what can't be read counts for nothing. */
function endOf(attributes: ReadonlyMap<string, string>): number | undefined {
  const maxAge = attributes.get('max-age')
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Date.now() + Number(maxAge) * 1000
  const expires = Date.parse(attributes.get('expires') ?? '')
  return Number.isNaN(expires) ? undefined : expires
}

/** RFC 6265bis §5.1.4. */
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

/** Browsers take their own machine for secure. */
function isSecure({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || hostname === 'localhost' || hostname.endsWith('.localhost')
}

function isLive({ expires }: StoredCookie): boolean {
  return expires === undefined || expires > Date.now()
}
