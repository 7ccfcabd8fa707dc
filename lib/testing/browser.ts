import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import type { SessionFor, SessionName } from '../../types/register.js'
import { CookieJar } from './cookie-jar.js'

export interface BrowserOptions {
  /** The origin at which the app appears to be served. Default: `https://localhost`. */
  readonly origin?: string
  /** Headers to send with every request. */
  readonly headers?: Readonly<Record<string, string>>
  /** The cookies to start with. Default: none. */
  readonly jar?: CookieJar
}

/** The options of a request, as `app.inject` takes them, without its URL. */
export interface Visit extends Omit<InjectOptions, 'url' | 'path' | 'server' | 'authority' | 'signal' | 'cookies'> {
  /** Whether redirects within the app are followed, up to twenty in a row. Default: `true`. */
  readonly follow?: boolean
}

export interface GiveOptions {
  /** The subject of the session, as by `session.identify(subject)`; or several, of which the first is the user. */
  readonly subject?: string | readonly [string, ...string[]]
  /** "Remember me", as `session.persist()` takes it: a number of seconds, or `true` for the definition's own time. */
  readonly persist?: number | boolean
}

const MAX_REDIRECTS = 20

/**
 * A browser for tests, around `app.inject`: it keeps cookies and follows redirects. Each instance is a visitor of its
 * own.
 *
 * @example
 * const browser = new TestBrowser(app)
 * await browser.give('login', { user: 'ada' }, { subject: 'ada' })
 * const page = await browser.post('/cart', { payload: { item: 'pen' } })
 * const cart = await browser.session('cart')
 * assert.deepEqual(cart.get('items'), ['pen'])
 */
export class TestBrowser {
  readonly app: FastifyInstance
  readonly jar: CookieJar
  readonly #origin: URL
  readonly #headers: Readonly<Record<string, string>>

  constructor(app: FastifyInstance, { origin = 'https://localhost', headers = {}, jar }: BrowserOptions = {}) {
    this.app = app
    this.#origin = new URL(origin)
    this.#headers = headers
    this.jar = jar ?? new CookieJar()
  }

  get(url: string, visit?: Visit): Promise<LightMyRequestResponse> {
    return this.visit(url, { ...visit, method: 'GET' })
  }

  post(url: string, visit?: Visit): Promise<LightMyRequestResponse> {
    return this.visit(url, { ...visit, method: 'POST' })
  }

  /**
   * Makes a request with the cookies that apply to it, keeps the cookies of the response, and follows redirects as in
   * Fetch §4.4: after a 303 the next request is a GET, and so it is after a 301 or 302 of a POST. A redirect to another
   * origin is returned and not followed.
   * @throws Error after twenty redirects in a row
   */
  async visit(url: string, { follow = true, ...visit }: Visit = {}): Promise<LightMyRequestResponse> {
    let at = new URL(url, this.#origin)
    let request: Omit<Visit, 'follow'> = visit
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const response = await this.#inject(at, request)
      const next = follow ? targetOf(response, at) : undefined
      if (next?.origin !== at.origin) return response
      at = next
      request = redirected(request, response.statusCode)
    }
    throw new Error(`${url}: more than ${MAX_REDIRECTS} redirects in a row, the last to ${at.pathname}`)
  }

  /** Returns the `Cookie` header that the browser would send; `undefined` if no cookie applies. */
  cookieHeader(url = '/'): string | undefined {
    return this.jar.header(new URL(url, this.#origin))
  }

  /**
   * Returns a session of this browser as the next request would find it. It is for reading; changes to it are not
   * saved.
   * @throws FST_SESSIONS_UNKNOWN when there is no definition of this name
   */
  async session<const K extends SessionName>(name: K): Promise<SessionFor<K>> {
    const found = await this.#sessions()
    return loaded(found.session(name))
  }

  /**
   * Sets these values in a session of the browser and saves it, as if the app had done so. Its other values stay.
   * @throws FST_SESSIONS_INVALID_VALUE when a value does not fit the schema
   */
  async give<const K extends SessionName>(
    name: K,
    values: Partial<SessionFor<K>['data']>,
    { subject, persist }: GiveOptions = {}
  ): Promise<this> {
    const found = await this.#sessions()
    const session = await loaded(found.session(name))
    // Which keys it has is checked above: here the types of an app with several sessions would be a union that can't be called.
    const { set } = session as { readonly set: (key: string, value: unknown) => unknown }
    for (const [key, value] of Object.entries(values)) set.call(session, key, value)
    if (typeof subject === 'string') session.identify(subject)
    else if (subject !== undefined) session.identify(...subject)
    if (persist !== undefined) session.persist(persist === true ? undefined : persist)
    for (const line of await found.commit()) this.jar.set(line, this.#origin)
    return this
  }

  /** Returns another browser with a copy of the cookies, such as an attacker who has stolen them would have. */
  copy(app = this.app): TestBrowser {
    return new TestBrowser(app, { origin: this.#origin.href, headers: this.#headers, jar: this.jar.copy() })
  }

  /** Closes and reopens the browser: cookies without an expiry of their own are gone. */
  restart(): void {
    this.jar.endBrowserSession()
  }

  async #sessions() {
    await this.app.ready()
    const protocol = this.#origin.protocol === 'http:' ? 'http' : 'https'
    return this.app.sessions.fromHeader(this.cookieHeader(), { protocol })
  }

  async #inject(url: URL, visit: Omit<Visit, 'follow'>): Promise<LightMyRequestResponse> {
    const cookie = this.jar.header(url)
    const headers = { ...this.#headers, ...(cookie !== undefined && { cookie }), ...visit.headers }
    const to = { url: url.pathname + url.search, authority: url.host }
    const response = await this.app.inject({ ...(visit as InjectOptions), ...to, headers })
    for (const line of [response.headers['set-cookie'] ?? []].flat()) this.jar.set(line, url)
    return response
  }
}

/** Loads the session if its definition loads sessions on demand; any other is loaded already. */
async function loaded<S extends { load(): Promise<unknown> }>(session: S): Promise<S> {
  await session.load()
  return session
}

function targetOf({ statusCode, headers }: LightMyRequestResponse, from: URL): URL | undefined {
  const { location } = headers
  const isRedirect = [301, 302, 303, 307, 308].includes(statusCode) && typeof location === 'string'
  return isRedirect ? new URL(location, from) : undefined
}

function redirected(visit: Omit<Visit, 'follow'>, status: number): Omit<Visit, 'follow'> {
  // The new URL has its own query.
  const { query, ...same } = visit
  const { method = 'GET' } = visit
  const isSame = status === 307 || status === 308 || (method !== 'POST' && status !== 303)
  if (isSame || method === 'HEAD') return same
  const { payload, body, headers = {}, ...rest } = same
  return { ...rest, method: 'GET', headers: withoutContent(headers) }
}

/** Removes the headers that describe the body, because the body is not sent again. */
function withoutContent(headers: NonNullable<Visit['headers']>): NonNullable<Visit['headers']> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/^content-/i.test(name)))
}
