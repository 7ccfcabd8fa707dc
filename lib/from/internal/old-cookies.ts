import { fastifyCookie } from '@fastify/cookie'
import type { OldCookieAttributes } from '../../../types/from.js'
import type { SetCookie } from '../../cookie/cookie.js'
import { find, locate } from '../../cookie/header.js'

/** Browsers send no more of one cookie, name and value (RFC 6265bis §5.7), so that whatever is longer is refused unseen. */
const MAX_BYTES = 4096

/** How many of one name are tried: a neighbour below the same domain can plant any number. */
const MAX_DUPLICATES = 4

/** The cookies of a request, as other plugins read them. */
export class OldCookies {
  readonly #header: string

  constructor(header: string) {
    this.#header = header
  }

  /** The first values of a name, decoded. */
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

/** As the `cookie` package does, which all of these plugins use: what is not percent-encoded well is taken as it is. */
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
 * Makes the browser forget a cookie. It knows it by name, domain and path (RFC 6265bis §5.7 step 23); the others decide
 * only whether it takes this one at all.
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
