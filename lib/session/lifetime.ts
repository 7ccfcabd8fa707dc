/*
 * Computes lifetimes. All times are in ms since the epoch, and all durations in ms, except the age of a cookie, which
 * is in seconds, as in `Max-Age` (RFC 6265bis §5.6.2).
 */

/**
 * The state of "remember me": a cookie that lasts so many seconds, `false` for one that ends with the browser, or
 * `undefined` if nothing was chosen.
 */
export type Persist = number | false | undefined

/** What determines the end of a session. */
export interface Life {
  readonly createdAt: number
  /** The idle lifetime. */
  readonly idle: number
  /** The absolute lifetime. */
  readonly absolute: number
  /** When the stored record ends; `undefined` if the idle lifetime begins anew whatever is stored. */
  readonly storedEnd: number | undefined
  /** Whether this request counts as use. */
  readonly isUse: boolean
}

/**
 * Returns when a session ends unless it is used again after this request. Use moves the end only to later, because the
 * clock may have been set back, or the server that last moved the end may have a clock that is ahead.
 */
export function endAfter(now: number, { createdAt, idle, absolute, storedEnd, isUse }: Life): number {
  const end = storedEnd === undefined ? now + idle : isUse ? Math.max(now + idle, storedEnd) : storedEnd
  return Math.min(end, latestEnd(createdAt, absolute))
}

export function latestEnd(createdAt: number, absolute: number): number {
  return createdAt + absolute
}

/** Returns the idle lifetime: that of "remember me", else the definition's. */
export function idleOf(persist: Persist, idle: number): number {
  return typeof persist === 'number' ? persist * 1000 : idle
}

/** Returns when a session was last used, as computed from its end. */
export function usedAt(createdAt: number, end: number, idle: number): number {
  return Math.max(createdAt, end - idle)
}

/** Whether an end has moved far enough to be written. An end that has not moved is never written. */
export function isMoveDue(from: number, to: number, touchAfter: number): boolean {
  return to - from >= Math.max(1, touchAfter)
}

/**
 * Returns the `Max-Age` of a cookie whose session ends at `end`, in seconds; `undefined` for a cookie that ends with
 * the browser.
 */
export function cookieAge(wanted: number | false, end: number, now: number): number | undefined {
  return wanted === false ? undefined : Math.max(1, Math.min(wanted, Math.ceil((end - now) / 1000)))
}

/**
 * Returns until when a cookie is valid. A cookie that outlives the browser ends with the session and is renewed with
 * it. A cookie that ends with the browser is never renewed, so it is valid for the session's absolute lifetime.
 */
export function cookieEnd(wanted: number | false, end: number, latest: number): number {
  return wanted === false ? latest : end
}

/** Returns why a session has ended; `undefined` if it lives. */
export function endedBy(
  createdAt: number,
  end: number,
  absolute: number,
  { now, clearedAt }: { readonly now: number; readonly clearedAt: number }
): 'expired' | 'cleared' | undefined {
  if (Math.min(end, latestEnd(createdAt, absolute)) <= now) return 'expired'
  return createdAt <= clearedAt ? 'cleared' : undefined
}

/** When an ended session ended, in ms since the epoch, and which lifetime had passed. */
export interface End {
  readonly by: 'idle' | 'absolute'
  readonly at: number
}

export function endOf(createdAt: number, end: number, absolute: number): End {
  const latest = latestEnd(createdAt, absolute)
  return end < latest ? { by: 'idle', at: end } : { by: 'absolute', at: latest }
}

/**
 * Returns the creation time of a session that begins now. It is later than the last clearing, whatever the clock says.
 */
export function beginning(now: number, clearedAt: number): number {
  return Math.max(now, clearedAt + 1)
}
