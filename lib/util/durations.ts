/** The bounds of an option that is a duration. */
export interface Bounds {
  readonly unit: 'seconds' | 'milliseconds'
  readonly least: number
  readonly most: number
  /** The upper bound in words, or the reason for it. */
  readonly note?: string
  readonly isWhole?: boolean
}

/** The longest delay of a timer in Node, in ms. With a longer delay it fires at once. */
export const LONGEST_TIMER = 2 ** 31 - 1

export const TIMER: Bounds = {
  unit: 'milliseconds',
  least: 1,
  most: LONGEST_TIMER,
  note: 'the longest that a timer can wait'
}

/** Returns why a value is not a duration within the bounds, and what to write instead; `undefined` if it is. */
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
