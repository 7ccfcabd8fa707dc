import { fastifyCookie } from '@fastify/cookie'
import type { OldCookieAttributes } from '../../../types/from.js'
import type { SetCookie } from '../../cookie/cookie.js'
import { find, locate } from '../../cookie/header.js'

/**
 * The most bytes of name and value of a cookie that a browser stores (RFC 6265bis §5.7). A longer value is refused
 * unread.
 */
const MAX_BYTES = 4096

/** The most cookies of one name to try: a site on a neighbouring subdomain can plant any number. */
const MAX_DUPLICATES = 4

/** The cookies of a request, decoded as other plugins decode them. */
export class OldCookies {
  readonly #header: string

  constructor(header: string) {
    this.#header = header
  }

  /** Returns the first few values of a name, decoded. */
  all(name: string): readonly string[] {
    const values: string[] = []
    let found = find(this.#header, `${name}=`, 0)
    for (let tries = 0; found !== undefined && tries < MAX_DUPLICATES; tries++) {
      if (found.value.length <= MAX_BYTES) values.push(decoded(found.value))
      found = find(this.#header, `${name}=`, found.end)
    }
    return values
  }
}

export function isCookieIn(header: string, name: string): boolean {
  return locate(header, `${name}=`, 0) !== -1
}

/**
 * Decodes a value like the package `cookie`, which all of these plugins use: a value with invalid percent-encoding is
 * taken as it is.
 */
function decoded(value: string): string {
  const bare = value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
  if (!bare.includes('%')) return bare
  try {
    return decodeURIComponent(bare)
  } catch {
    return bare
  }
}

/**
 * Returns the `Set-Cookie` header that makes the browser forget a cookie. The browser identifies the cookie by name,
 * domain and path (RFC 6265bis §5.7 step 23). The other attributes only decide whether it accepts the header at all.
 */
export function forgetCookie(name: string, attributes: OldCookieAttributes): SetCookie {
  const { path = '/', domain, secure, sameSite, partitioned = false } = attributes
  const text = fastifyCookie.serialize(name, '', {
    path,
    ...(domain && { domain }),
    httpOnly: true,
    secure: secure === true || name.startsWith('__') || sameSite === 'none' || partitioned,
    sameSite: sameSite === 'none' ? 'none' : 'lax',
    partitioned,
    maxAge: 0,
    expires: new Date(0)
  })
  return { name, text }
}
