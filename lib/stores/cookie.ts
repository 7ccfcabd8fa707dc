import type { CookieStore } from '../../types/store.js'

/**
 * Keeps the whole record in the cookie, sealed: nothing to run, nothing to clean up. What it can't do follows from
 * that: of two parallel requests that change one session the browser keeps the later answer, a copy of the cookie
 * stays good until it expires, and there is no list of a user's sessions. Where that matters, use a record store.
 *
 * @example
 * stores: { cookie: cookieStore() }
 */
export function cookieStore(): CookieStore {
  return { kind: 'cookie' }
}
