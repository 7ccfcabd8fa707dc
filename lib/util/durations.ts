/** What an option that says how long may be. */
export interface Bounds {
  readonly unit: 'seconds' | 'milliseconds'
  readonly least: number
  readonly most: number
  /** The most in words, or why there is a most. */
  readonly note?: string
  readonly isWhole?: boolean
}

/** The longest that a timer of Node can wait, in milliseconds; beyond it, it fires at once. */
export const LONGEST_TIMER = 2 ** 31 - 1

export const TIMER: Bounds = {
  unit: 'milliseconds',
  least: 1,
  most: LONGEST_TIMER,
  note: 'the longest that a timer can wait'
}

/** Why a value is no duration within these bounds, and what to write; `undefined` if it is one. */
export function durationFault(value: unknown, bounds: Bounds): string | undefined {
  const { unit, least, most, note, isWhole } = bounds
  const isWithin = typeof value === 'number' && value >= least && value <= most
  if (isWithin && (!isWhole || Number.isInteger(value))) return undefined
  const kind = isWhole ? `whole ${unit}` : unit
  const limit = note === undefined ? String(most) : `${most} (${note})`
  return `expected ${kind} from ${least} to ${limit}, got ${shown(value)}${advice(value, bounds)}`
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `the text ${JSON.stringify(value)}`
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

function advice(value: unknown, { unit, most, isWhole }: Bounds): string {
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) {
    return `: write the number ${Number(value)}`
  }
  const isLong = unit === 'seconds' && typeof value === 'number' && value > most && value / 1000 <= most
  return isLong ? `: seconds, not milliseconds? Then write ${isWhole ? Math.round(value / 1000) : value / 1000}` : ''
}
