/** What an option that says how long may be. */
export interface Bounds {
  readonly unit: 'seconds' | 'milliseconds'
  readonly least: number
  readonly most: number
  /** The most in words, or why there is a most. */
  readonly note?: string
  readonly isWhole?: boolean
}

const HOUR = 60 * 60
const DAY = 24 * HOUR

/** Browsers cap a cookie's life at 400 days (RFC 6265bis §5.5). */
const COOKIE_DAYS = 400

/** The longest that a timer of Node can wait, in milliseconds; beyond it, it fires at once. */
export const LONGEST_TIMER = 2 ** 31 - 1

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

/** How long a clearing may go unnoticed by another process. */
export const MARKER_REFRESH: Bounds = { unit: 'seconds', least: 0, most: HOUR, note: 'an hour' }

export const TIMER: Bounds = {
  unit: 'milliseconds',
  least: 1,
  most: LONGEST_TIMER,
  note: 'the longest that a timer can wait'
}

export const CACHE_TTL: Bounds = { unit: 'milliseconds', least: 1, most: DAY * 1000, note: 'a day' }

/** Why a value is no duration within these bounds, and what to write; `undefined` if it is one. */
export function durationFault(value: unknown, { unit, least, most, note, isWhole }: Bounds): string | undefined {
  const isWithin = typeof value === 'number' && value >= least && value <= most
  if (isWithin && (!isWhole || Number.isInteger(value))) return undefined
  const kind = isWhole ? `whole ${unit}` : unit
  const limit = note === undefined ? String(most) : `${most} (${note})`
  return `expected ${kind} from ${least} to ${limit}, got ${shown(value)}${advice(value, unit, most)}`
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `the text ${JSON.stringify(value)}`
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

function advice(value: unknown, unit: Bounds['unit'], most: number): string {
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) {
    return `: write the number ${Number(value)}`
  }
  const isLong = unit === 'seconds' && typeof value === 'number' && value > most
  return isLong && value / 1000 <= most ? `: seconds, not milliseconds? Then write ${value / 1000}` : ''
}

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
