import { type Html, html } from './html.js'

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000]
] as const

const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** Describes how long ago a date was: "3 minutes ago". */
export function agoInWords(date: Date, now = Date.now()): string {
  const passed = now - date.getTime()
  const unit = UNITS.find(([, length]) => passed >= length)
  return unit === undefined ? 'just now' : words.format(-Math.floor(passed / unit[1]), unit[0])
}

/** "in 14 days" */
export function until(date: Date, now = Date.now()): Html {
  const left = Math.max(0, date.getTime() - now)
  const [name, length] = UNITS.find(([, length]) => left >= length) ?? ['second', 1_000]
  return time(date, words.format(Math.round(left / length), name))
}

/** `agoInWords`, with the exact time for machines and for whoever points at it. */
export function ago(date: Date): Html {
  return time(date, agoInWords(date))
}

function time(date: Date, text: string): Html {
  return html`<time datetime="${date.toISOString()}" title="${date.toUTCString()}">${text}</time>`
}
