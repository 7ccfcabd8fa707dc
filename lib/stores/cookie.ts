import type { CookieStore } from '../../types/store.js'

/**
 * Keeps the whole record in the cookie, encrypted: there is no engine to run and nothing to clean up. In return, the
 * store has limits. When two parallel requests change one session, the browser keeps the answer that arrives later. A
 * copy of a cookie stays valid until it expires. And a user's sessions can't be listed. Where that matters, use a
 * record store.
 *
 * @example
 * stores: { cookie: cookieStore() }
 */
export function cookieStore(): CookieStore {
  return { kind: 'cookie' }
}
