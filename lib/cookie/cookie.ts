import { fastifyCookie } from '@fastify/cookie'
import type { FastifyRequest } from 'fastify'
import type { CookieOptions } from '../../types/session.js'
import { ConfigError, CookieSizeError } from '../errors.js'
import { allowsHostPrefix, changeFault, checkCookie, MAX_CHUNKS, MAX_COOKIE_BYTES } from '../options/cookie.js'
import { isHttps, tellDropped } from './dropped.js'
import { type CookieHeader, type Found, find, locate } from './header.js'

/**
 * How many cookies of one name are tried. After a change of `domain` or `path`, browsers send the old cookie beside the
 * new one, usually before it (RFC 6265bis §5.8.3). The number is limited because a neighbour under the same domain can
 * plant any number of them.
 */
const MAX_DUPLICATES = 4

/** One cookie of a name, of which the request may have several. */
export interface Candidate {
  readonly header: CookieHeader
  readonly value: string
  readonly end: number
  readonly tries: number
}

/** A value that is split into several cookies starts with their number: `~3~`. */
const CHUNKED = /^~([2-4])~/
const CHUNK_MARK_BYTES = 3

/** Reads and writes the cookie of one session. */
export class Cookie {
  readonly name: string
  readonly #session: string
  readonly #needle: string
  readonly #options: CookieOptions
  readonly #chunks: number
  readonly #suffixes: ReadonlyMap<boolean, string>

  constructor(session: string, options: CookieOptions & { readonly name?: string }, chunks: number) {
    const { name, ...attributes } = options
    this.name = name ?? (allowsHostPrefix(attributes) ? `__Host-${session}` : session)
    this.#session = session
    this.#options = attributes
    this.#chunks = chunks
    this.#needle = `${this.name}=`
    checkCookie(session, this.name, attributes)
    this.#suffixes = new Map([true, false].map((secure) => [secure, suffix(attributes, secure)]))
  }

  /** `maxAge` of the definition, in seconds. */
  get maxAge(): number | undefined {
    return this.#options.maxAge
  }

  /** The names of all cookies into which a value may be split. */
  get names(): readonly string[] {
    return Array.from({ length: this.#chunks }, (_, index) => chunkName(this.name, index))
  }

  isIn(header: string): boolean {
    return locate(header, this.#needle, 0) !== -1
  }

  /** Returns the first cookie with this name; `undefined` if none came. */
  first(header: CookieHeader): Candidate | undefined {
    const found = header.find(this.#needle)
    return found && { header, value: joinChunks(header.text, this.name, found), end: found.end, tries: 1 }
  }

  /** Returns the next cookie with this name; `undefined` if there is none, or enough were tried. */
  next({ header, end, tries }: Candidate): Candidate | undefined {
    const found = tries < MAX_DUPLICATES ? find(header.text, this.#needle, end) : undefined
    return found && { header, value: joinChunks(header.text, this.name, found), end: found.end, tries: tries + 1 }
  }

  /**
   * Returns the `Set-Cookie` values for `value`.
   * @param maxAge in seconds; `undefined` for a cookie that ends with the browser
   * @throws FST_SESSIONS_COOKIE_SIZE when the value needs more cookies than are allowed
   */
  write(
    request: FastifyRequest,
    value: string,
    maxAge: number | undefined,
    changed?: CookieOptions
  ): readonly SetCookie[] {
    tellDropped(request, this.#session, this.#with(changed))
    const age = maxAge === undefined ? '' : `; Max-Age=${maxAge}`
    const attributes = age + this.#attributes(request, changed)
    const parts = this.#split(value)
    const cookies = parts.map((part, index) => setCookie(chunkName(this.name, index), part, attributes))
    return this.#chunks === 1 ? cookies : [...cookies, ...this.#clearFrom(request, parts.length, changed)]
  }

  /** Returns the `Set-Cookie` values that clear the cookie. Their attributes must be those with which it was set. */
  clear(request: FastifyRequest, changed?: CookieOptions): readonly SetCookie[] {
    return [
      setCookie(this.name, '', EXPIRED + this.#attributes(request, changed)),
      ...this.#clearFrom(request, 1, changed)
    ]
  }

  /**
   * Combines earlier changes of attributes with further ones, and checks the result.
   * @throws FST_SESSIONS_CONFIG when there is no such attribute, or the attributes do not fit the cookie's name
   */
  changed(before: CookieOptions | undefined, more: CookieOptions): CookieOptions {
    const fault = changeFault(more)
    if (fault !== undefined) throw new ConfigError(`session "${this.#session}": cookie(): ${fault}`)
    const changed = { ...before, ...more }
    checkCookie(this.#session, this.name, { ...this.#options, ...changed })
    return changed
  }

  #with(changed: CookieOptions | undefined): CookieOptions {
    return changed === undefined ? this.#options : { ...this.#options, ...changed }
  }

  #attributes(request: FastifyRequest, changed: CookieOptions | undefined): string {
    const options = this.#with(changed)
    const secure = options.secure === 'auto' ? isHttps(request) : options.secure !== false
    return changed === undefined ? (this.#suffixes.get(secure) as string) : suffix(options, secure)
  }

  #split(value: string): readonly string[] {
    const room = MAX_COOKIE_BYTES - this.name.length
    if (value.length <= room) return [value]
    const size = room - CHUNK_MARK_BYTES
    const count = Math.ceil(value.length / size)
    if (count > this.#chunks) throw new CookieSizeError(this.#session, this.#tooLarge(value.length, count))
    const parts = Array.from({ length: count }, (_, index) => value.slice(index * size, (index + 1) * size))
    return [`~${count}~${parts[0]}`, ...parts.slice(1)]
  }

  #tooLarge(bytes: number, count: number): string {
    const more = count <= MAX_CHUNKS ? `allow more cookies with chunks: ${count}, ` : ''
    const advice = `${more}keep less in it, or use a record store`
    return `its cookie has ${this.name.length + bytes} bytes of name and value, browsers drop more than ${MAX_COOKIE_BYTES}${
      this.#chunks > 1 ? ` in each of ${this.#chunks}` : ''
    }: ${advice}`
  }

  /** Clears the chunks from `first` on, which an earlier, longer value left in the browser. */
  #clearFrom(request: FastifyRequest, first: number, changed: CookieOptions | undefined): readonly SetCookie[] {
    const header = request.headers.cookie ?? ''
    const cleared: SetCookie[] = []
    for (let index = first; index < this.#chunks; index++) {
      const name = chunkName(this.name, index)
      if (locate(header, `${name}=`, 0) === -1) continue
      cleared.push(setCookie(name, '', EXPIRED + this.#attributes(request, changed)))
    }
    return cleared
  }
}

const EXPIRED = '; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT'

export interface SetCookie {
  readonly name: string
  readonly text: string
}

function setCookie(name: string, value: string, attributes: string): SetCookie {
  return { name, text: `${name}=${value}${attributes}` }
}

/** The headers of a reply. `header` adds a `Set-Cookie` value to the existing ones. */
export interface Headers {
  getHeader(name: string): number | string | string[] | undefined
  removeHeader(name: string): unknown
  header(name: string, value: string | string[]): unknown
}

/**
 * Sets cookies in the reply, beside those of others, and replaces those that were set before: a name must not occur
 * twice.
 * @param alreadySet the names of the cookies that this plugin has already set
 * @returns the names of all cookies that it has set now
 */
export function setCookies(
  reply: Headers,
  cookies: readonly SetCookie[],
  alreadySet: readonly string[]
): readonly string[] {
  const names = cookies.map(({ name }) => name)
  for (const name of alreadySet) if (names.includes(name)) removeCookie(reply, name)
  const texts = cookies.map(({ text }) => text)
  reply.header('set-cookie', texts.length === 1 ? (texts[0] as string) : texts)
  return alreadySet.length === 0 ? names : [...new Set([...alreadySet, ...names])]
}

function removeCookie(reply: Headers, name: string): void {
  const present = [reply.getHeader('set-cookie') ?? []].flat().map(String)
  reply.removeHeader('set-cookie')
  for (const other of present) if (!other.startsWith(`${name}=`)) reply.header('set-cookie', other)
}

function chunkName(name: string, index: number): string {
  return index === 0 ? name : `${name}.${index}`
}

function joinChunks(header: string, name: string, { value, end }: Found): string {
  if (!value.startsWith('~')) return value
  const count = CHUNKED.exec(value)?.[1]
  if (count === undefined) return value
  let joined = value.slice(CHUNK_MARK_BYTES)
  for (let index = 1; index < Number(count); index++) {
    const needle = `${chunkName(name, index)}=`
    // If a name occurs several times, the chunks after this first one belong to it: the browser got them together, and
    // sends them together.
    joined += (find(header, needle, end) ?? find(header, needle, 0))?.value ?? ''
  }
  return joined
}

/**
 * Returns all attributes except Max-Age, which is the only one that changes between responses. So they are built once,
 * not for every response.
 */
function suffix({ maxAge, ...options }: CookieOptions, secure: boolean): string {
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax', ...options, secure } as const
  return fastifyCookie.serialize('n', '', attributes).slice('n='.length)
}
