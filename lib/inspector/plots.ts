import { type Html, html } from './html.js'

/*
 * Small pictures, for the eye alone: the text beside each says the same. They are drawn without styles of their own, which
 * the content security policy refuses.
 */

/** How much of what there is room for is taken. */
export function bar(part: number, whole: number): Html {
  const share = Math.min(100, (part / whole) * 100)
  // Little is not nothing, and has to be seen.
  const width = part === 0 ? 0 : Math.max(share, 0.5)
  const level = share > 90 ? 'full' : share > 70 ? 'much' : ''
  return html`<svg class="bar ${level}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="room" width="100" height="6" rx="1"/><rect class="taken" width="${width.toFixed(2)}" height="6" rx="1"/></svg>`
}

export interface Life {
  /** All in ms since the epoch. */
  readonly from: number
  readonly now: number
  readonly idleEnd: number
  readonly latestEnd: number
}

/** From the beginning to the latest end: what has passed, what is left without a use, and what use can add. */
export function timeline({ from, now, idleEnd, latestEnd }: Life): Html {
  const at = (moment: number) => Math.min(1000, Math.max(0, ((moment - from) / (latestEnd - from)) * 1000))
  const present = Math.max(at(now), 4)
  const idle = Math.max(at(idleEnd), present + 4)
  return html`<svg class="timeline" viewBox="0 0 1000 22" preserveAspectRatio="none" aria-hidden="true"><rect class="room" y="8" width="1000" height="6" rx="3"/><rect class="left" y="8" width="${idle.toFixed(1)}" height="6" rx="3"/><rect class="past" y="8" width="${present.toFixed(1)}" height="6" rx="3"/><rect class="now" x="${(present - 2).toFixed(1)}" y="2" width="4" height="18" rx="2"/></svg>`
}

const WIDTH = 240
const HEIGHT = 48

/** Durations, the oldest first, as a line; the highest touches the top. */
export function sparkline(times: readonly number[]): Html {
  const highest = Math.max(...times, 0.1)
  const step = WIDTH / Math.max(1, times.length - 1)
  const y = (time: number) => (HEIGHT - 2 - (time / highest) * (HEIGHT - 4)).toFixed(1)
  const points = times.map((time, at) => `${(at * step).toFixed(1)},${y(time)}`)
  const area = [`0,${HEIGHT}`, ...points, `${((times.length - 1) * step).toFixed(1)},${HEIGHT}`]
  return html`<svg class="sparkline" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true"><polygon class="area" points="${area.join(' ')}"/><polyline class="line" points="${points.join(' ')}"/></svg>`
}
