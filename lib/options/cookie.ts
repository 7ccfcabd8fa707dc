import type { CookieOptions } from '../../types/session.js'
import { ConfigError } from '../errors.js'
import { durationFault } from '../util/durations.js'
import { isObject, otherOption } from '../util/objects.js'
import { COOKIE_AGE } from './durations.js'
import { COOKIE } from './names.js'

/** The most bytes of a cookie's name and value. Browsers silently drop a longer cookie (RFC 6265bis §5.7 step 5). */
export const MAX_COOKIE_BYTES = 4096
/** The most cookies into which a value may be split. */
export const MAX_CHUNKS = 4

/** A token (RFC 9110 §5.6.2). Cookie names are tokens (RFC 6265bis §4.1.1). */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/

export function isToken(name: string): boolean {
  return TOKEN.test(name)
}

/** Returns why a handler can't change these attributes; `undefined` if it can. */
export function changeFault(options: unknown): string | undefined {
  if (!isObject(options)) return `expected an object of attributes, got ${typeof options}`
  if ('maxAge' in options) return 'maxAge can not be changed for one response: call persist(seconds)'
  if ('name' in options) return 'the name can not be changed: it stands in the definition, cookie: { name }'
  return otherOption(
    options,
    COOKIE.filter((attribute) => attribute !== 'maxAge')
  )
}

/**
 * Whether a cookie may have the prefix `__Host-`: it must be secure, without a domain, and for all paths (RFC 6265bis
 * §4.1.3.2).
 */
export function allowsHostPrefix({ secure = true, domain, path = '/' }: CookieOptions): boolean {
  return secure === true && domain === undefined && path === '/'
}

/**
 * Checks a cookie's name and attributes.
 * @throws FST_SESSIONS_CONFIG when one of them is wrong, or they do not fit together
 */
export function checkCookie(session: string, name: string, options: CookieOptions): void {
  const { secure = true, domain, path = '/', sameSite, httpOnly, partitioned, priority, maxAge } = options
  const refuse = (reason: string): never => {
    throw new ConfigError(`session "${session}": cookie: ${reason}`)
  }
  if (!isToken(name)) refuse(`name: "${name}" is not an RFC 6265 token`)
  if (/^__host-/i.test(name) && !allowsHostPrefix(options)) {
    refuse(`name: "${name}" needs secure: true, path: "/" and no domain (RFC 6265bis §4.1.3.2)`)
  }
  if (/^__secure-/i.test(name) && secure !== true) refuse(`name: "${name}" needs secure: true (RFC 6265bis §4.1.3.1)`)
  if (!/^\/[^;\p{Cc}]*$/u.test(path)) refuse(`path: expected "/" or a path below it without ";", got "${path}"`)
  if (domain !== undefined && !/^\.?[a-z\d-]+(\.[a-z\d-]+)*$/i.test(domain))
    refuse(`domain: "${domain}" is not a host name`)
  if (![true, false, 'auto'].includes(secure)) refuse(`secure: expected true, false or "auto", got "${secure}"`)
  if (sameSite !== undefined && !['lax', 'strict', 'none'].includes(sameSite)) {
    refuse(`sameSite: expected "lax", "strict" or "none", got ${JSON.stringify(sameSite)}`)
  }
  for (const [attribute, value] of Object.entries({ httpOnly, partitioned })) {
    if (value !== undefined && typeof value !== 'boolean')
      refuse(`${attribute}: expected true or false, got ${typeof value}`)
  }
  if (priority !== undefined && !['low', 'medium', 'high'].includes(priority)) {
    refuse(`priority: expected "low", "medium" or "high", got ${JSON.stringify(priority)}`)
  }
  if (sameSite === 'none' && secure === false)
    refuse('sameSite: "none" needs secure: browsers drop the cookie otherwise')
  if (partitioned && secure === false) refuse('partitioned needs secure: browsers drop the cookie otherwise')
  const fault = maxAge === undefined ? undefined : durationFault(maxAge, COOKIE_AGE)
  if (fault !== undefined) refuse(`maxAge: ${fault}`)
}

interface Owner {
  readonly name: string
  readonly cookie: { readonly names: readonly string[] }
}

/** Refuses sessions that share a cookie. @throws FST_SESSIONS_CONFIG */
export function refuseSharedCookies(entries: readonly Owner[]): void {
  const owners = new Map<string, string>()
  for (const { name, cookie } of entries) {
    for (const cookieName of cookie.names) {
      const owner = owners.get(cookieName)
      if (owner !== undefined)
        throw new ConfigError(`sessions "${owner}" and "${name}" share the cookie "${cookieName}"`)
      owners.set(cookieName, name)
    }
  }
}
