/*
 * The arithmetic of lifetimes. All times are in ms since the epoch and all durations in ms, except the age of a cookie,
 * which is in seconds, as in `Max-Age` (RFC 6265bis §5.6.2).
 */

/** What "remember me" says: a cookie that lasts so many seconds, one that ends with the browser, or nothing. */
export type Persist = number | false | undefined

/** How a session's end comes about. */
export interface Life {
  readonly createdAt: number
  /** How long it lives after a use. */
  readonly idle: number
  /** How long it lives at most, used or not. */
  readonly absolute: number
  /** When what is stored ends; `undefined` where a use begins a new period whatever is stored. */
  readonly storedEnd: number | undefined
  /** Whether this request counts as use. */
  readonly isUse: boolean
}

/**
 * When a session ends that is used now, or only looked at, and not used again. Use moves the end only to later, since the
 * clock may have been set back, or the clock of the server that moved the end last may be ahead of this one's.
 */
export function endAfter(now: number, { createdAt, idle, absolute, storedEnd, isUse }: Life): number {
  const end = storedEnd === undefined ? now + idle : isUse ? Math.max(now + idle, storedEnd) : storedEnd
  return Math.min(end, latestEnd(createdAt, absolute))
}

export function latestEnd(createdAt: number, absolute: number): number {
  return createdAt + absolute
}

/** How long a session lives after a use: as long as its cookie is to last, else as long as its definition says. */
export function idleOf(persist: Persist, idle: number): number {
  return typeof persist === 'number' ? persist * 1000 : idle
}

/** When a session was last used, as far as its end tells. */
export function usedAt(createdAt: number, end: number, idle: number): number {
  return Math.max(createdAt, end - idle)
}

/** Whether an end has moved far enough to be written; one that has not moved never is. */
export function isMoveDue(from: number, to: number, touchAfter: number): boolean {
  return to - from >= Math.max(1, touchAfter)
}

/** The `Max-Age` of a cookie whose session ends at `end`, in seconds; `undefined` for a cookie that ends with the browser. */
export function cookieAge(wanted: number | false, end: number, now: number): number | undefined {
  return wanted === false ? undefined : Math.max(1, Math.min(wanted, Math.ceil((end - now) / 1000)))
}

/**
 * Until when a cookie is good. One that outlives the browser ends with the session and is renewed with it. One that ends
 * with the browser is never renewed, so it is good for as long as the session may live at most.
 */
export function cookieEnd(wanted: number | false, end: number, latest: number): number {
  return wanted === false ? latest : end
}

/** Why a session is not to be had any more; `undefined` if it lives. */
export function endedBy(
  createdAt: number,
  end: number,
  absolute: number,
  { now, clearedAt }: { readonly now: number; readonly clearedAt: number }
): 'expired' | 'cleared' | undefined {
  if (Math.min(end, latestEnd(createdAt, absolute)) <= now) return 'expired'
  return createdAt <= clearedAt ? 'cleared' : undefined
}

/** The end of a life that is over, in ms since the epoch, and whether it was unused for too long or too old. */
export interface End {
  readonly by: 'idle' | 'absolute'
  readonly at: number
}

export function endOf(createdAt: number, end: number, absolute: number): End {
  const latest = latestEnd(createdAt, absolute)
  return end < latest ? { by: 'idle', at: end } : { by: 'absolute', at: latest }
}

/** When a session was created that begins now: after the last clearing, whatever the clock says. */
export function beginning(now: number, clearedAt: number): number {
  return Math.max(now, clearedAt + 1)
}
