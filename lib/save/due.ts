import type { Ticket } from '../records/ticket.js'
import * as lifetime from '../session/lifetime.js'
import type { SessionState } from '../session/state.js'

/** Whether use moves the stored end far enough to be written. */
export function isTouchDue({ content, origin, definition }: SessionState, now: number): boolean {
  return origin !== undefined && lifetime.isMoveDue(origin.expires, content.expires(now), definition.touchAfter)
}

/** Whether the browser needs another cookie than the one with this ticket. For record stores. */
export function isCookieDue(state: SessionState, ticket: Ticket, now: number): boolean {
  if (state.isStale || state.isCookieChanged || state.cookieOptions !== undefined) return true
  return lifetime.isMoveDue(ticket.expires, cookieEnd(state, now), state.definition.touchAfter)
}

/** Returns until when the cookie is valid, in ms since the epoch. */
export function cookieEnd(state: SessionState, now: number): number {
  const { content, definition } = state
  const latest = lifetime.latestEnd(content.createdAt, definition.absolute)
  return lifetime.cookieEnd(wantedAge(state), content.expires(now), latest)
}

/**
 * Returns how long the browser should keep the cookie, in seconds; `undefined` for a cookie that ends with the browser.
 */
export function cookieAge(state: SessionState, now: number): number | undefined {
  return lifetime.cookieAge(wantedAge(state), state.content.expires(now), now)
}

/**
 * Returns the age that "remember me" or the definition asks for, in seconds; `false` for a cookie that ends with the
 * browser.
 */
function wantedAge({ content, definition }: SessionState): number | false {
  return content.persist ?? definition.cookie.maxAge ?? false
}
