import type { Bounds } from '../util/durations.js'

const HOUR = 60 * 60
const DAY = 24 * HOUR

/** Browsers limit a cookie's lifetime to 400 days (RFC 6265bis §5.5). */
const COOKIE_DAYS = 400

export const COOKIE_AGE: Bounds = {
  unit: 'seconds',
  least: 1,
  most: COOKIE_DAYS * DAY,
  note: '400 days, RFC 6265bis §5.5',
  isWhole: true
}

/** Bounds of the idle lifetime. A number beyond the lifetime of a cookie is usually meant as milliseconds. */
const IDLE: Bounds = { unit: 'seconds', least: 1, most: COOKIE_DAYS * DAY, note: '400 days' }

export const LIFETIMES = {
  idle: IDLE,
  absolute: { ...IDLE, most: 3650 * DAY, note: '10 years' },
  touchAfter: { ...IDLE, least: 0 },
  grace: { unit: 'seconds', least: 0, most: HOUR, note: 'an hour' }
} as const satisfies Record<string, Bounds>

/** Bounds of `sweepInterval`: well below the longest timer, even when randomness lengthens the interval. */
export const SWEEP_INTERVAL: Bounds = {
  unit: 'seconds',
  least: 0,
  most: 14 * DAY,
  note: '14 days; 0 switches sweeping off'
}

/** Bounds of `watchInterval`: how long a running handler may not notice the end of its session. */
export const WATCH_INTERVAL: Bounds = { unit: 'seconds', least: 0.05, most: HOUR, note: 'an hour' }

/** Bounds of `clearMarker.refresh`: how long another process may not notice a clearing. */
export const MARKER_REFRESH: Bounds = { unit: 'seconds', least: 0, most: HOUR, note: 'an hour' }

/** Bounds of `history.keep`: how long the history remembers why sessions ended. */
export const HISTORY_KEEP: Bounds = { unit: 'seconds', least: 1, most: 3650 * DAY, note: '10 years' }

type Lifetimes = Readonly<Partial<Record<keyof typeof LIFETIMES, number>>>

/**
 * Returns why `idle` is refused: a shorter `absolute` would end the session first. If `idle` is only a default for all
 * definitions, and the definition sets a shorter `absolute`, that is intended.
 * @param own the options of the definition
 * @param shared the options for all definitions
 */
export function idleFault(own: Lifetimes, shared: Lifetimes, defaultAbsolute: number): string | undefined {
  const idle = own.idle ?? shared.idle
  const absolute = own.absolute ?? shared.absolute ?? defaultAbsolute
  const isMeant = own.idle === undefined && own.absolute !== undefined
  if (idle === undefined || idle <= absolute || isMeant) return undefined
  return `idle: ${idle} s is longer than absolute, ${absolute} s, which ends the session first: raise absolute, or lower idle`
}
