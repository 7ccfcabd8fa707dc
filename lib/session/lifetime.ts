import type { SessionState } from './state.js'

/** A new ticket is due at once: it says that it ended in 1970. */
export function isCookieDue(state: SessionState, ticketExpires: number, now: number): boolean {
  const isRenewable = cookieEnd(state, now) - ticketExpires >= Math.max(1, state.definition.touchAfter)
  return isRenewable || state.isStale || state.isCookieChanged || state.cookieOptions !== undefined
}

/** A cookie that outlives the browser ends with the session's idle time, and is renewed; another lasts for the absolute. */
export function cookieEnd(state: SessionState, now: number): number {
  const isPersistent = state.cookieAge(now) !== undefined
  return isPersistent ? state.expires(now) : state.createdAt + state.definition.absolute
}

/** Whether use moves the end far enough for it to be written. */
export function isLater(state: SessionState, expires: number, now: number): boolean {
  return state.expires(now) - expires >= Math.max(1, state.definition.touchAfter)
}
