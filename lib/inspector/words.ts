/*
 * Figures as people read them.
 */

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000]
] as const

/** A duration, in ms, in its two largest units. */
export function spanOf(ms: number): string {
  const at = UNITS.findIndex(([, size]) => ms >= size)
  if (at === -1) return `${Math.round(ms)} ms`
  const [unit, size] = UNITS[at] as (typeof UNITS)[number]
  const [smaller, step] = UNITS[at + 1] ?? [unit, size]
  // Rounded to the smaller one: what was to be 14 days a moment ago is not 13 days and 23 hours.
  const rounded = Math.round(ms / step) * step
  const rest = Math.round((rounded % size) / step)
  return `${Math.floor(rounded / size)} ${unit}${rest === 0 ? '' : ` ${rest} ${smaller}`}`
}

/** A moment beside now, both in ms since the epoch. */
export function beside(at: number, now: number): string {
  return at >= now ? `in ${spanOf(at - now)}` : `${spanOf(now - at)} ago`
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`
}

export function grouped(count: number): string {
  return count.toLocaleString('en')
}

/** A duration of a trip to a store, in ms. */
export function tripOf(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}
