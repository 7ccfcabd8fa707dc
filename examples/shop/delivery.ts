import { type Line, sumOf } from './lines.js'
import type { Delivery } from './orders.js'

interface Offer {
  readonly label: string
  readonly text: string
  /** In euro cents. */
  readonly price: number
  /** From which sum on it costs nothing. */
  readonly freeFrom?: number
}

export const offers: Readonly<Record<Delivery, Offer>> = {
  standard: { label: 'By post', text: 'In two to four days.', price: 490, freeFrom: 10_000 },
  express: { label: 'Express', text: 'Tomorrow, if ordered before noon.', price: 990 },
  collect: { label: 'Collect it', text: 'From the shop at the corner, this afternoon.', price: 0 }
}

/** What it costs to have these things delivered so, in euro cents. */
export function deliveryCost(delivery: Delivery, lines: readonly Line[]): number {
  const { price, freeFrom = Number.POSITIVE_INFINITY } = offers[delivery]
  return sumOf(lines) >= freeFrom ? 0 : price
}
