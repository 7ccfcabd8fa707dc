import type { Bounds } from '../util/durations.js'

const HOUR = 60 * 60
const DAY = 24 * HOUR

/** Browsers cap a cookie's life at 400 days (RFC 6265bis §5.5). */
const COOKIE_DAYS = 400

export const COOKIE_AGE: Bounds = {
  unit: 'seconds',
  least: 1,
  most: COOKIE_DAYS * DAY,
  note: '400 days, RFC 6265bis §5.5',
  isWhole: true
}

/** Longer than a cookie can last is mostly a number of milliseconds. */
const IDLE: Bounds = { unit: 'seconds', least: 1, most: COOKIE_DAYS * DAY, note: '400 days' }

export const LIFETIMES = {
  idle: IDLE,
  absolute: { ...IDLE, most: 3650 * DAY, note: '10 years' },
  touchAfter: { ...IDLE, least: 0 },
  grace: { unit: 'seconds', least: 0, most: HOUR, note: 'an hour' }
} as const satisfies Record<string, Bounds>

/** Well below the longest timer, also where chance makes an interval longer. */
export const SWEEP_INTERVAL: Bounds = {
  unit: 'seconds',
  least: 0,
  most: 14 * DAY,
  note: '14 days; 0 switches sweeping off'
}

/** How long the end of a session may go unnoticed by a handler that goes on working. */
export const WATCH_INTERVAL: Bounds = { unit: 'seconds', least: 0.05, most: HOUR, note: 'an hour' }

/** How long a clearing may go unnoticed by another process. */
export const MARKER_REFRESH: Bounds = { unit: 'seconds', least: 0, most: HOUR, note: 'an hour' }

/** How long it is remembered why sessions ended. */
export const HISTORY_KEEP: Bounds = { unit: 'seconds', least: 1, most: 3650 * DAY, note: '10 years' }

type Lifetimes = Readonly<Partial<Record<keyof typeof LIFETIMES, number>>>

/**
 * Why `idle` can't be what somebody wrote: `absolute` ends the session before. Where `idle` is only a default beside a
 * shorter `absolute`, that is meant.
 * @param own of the definition
 * @param shared of all definitions
 */
export function idleFault(own: Lifetimes, shared: Lifetimes, defaultAbsolute: number): string | undefined {
  const idle = own.idle ?? shared.idle
  const absolute = own.absolute ?? shared.absolute ?? defaultAbsolute
  const isMeant = own.idle === undefined && own.absolute !== undefined
  if (idle === undefined || idle <= absolute || isMeant) return undefined
  return `idle: ${idle} s is longer than absolute, ${absolute} s, which ends the session first: raise absolute, or lower idle`
}
