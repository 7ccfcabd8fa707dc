import { type Line, sumOf } from './lines.js'
import type { Delivery } from './orders.js'

interface Offer {
  readonly label: string
  readonly text: string
  /** The price in euro cents. */
  readonly price: number
  /** The sum of the goods, in euro cents, from which delivery is free. */
  readonly freeFrom?: number
}

export const offers: Readonly<Record<Delivery, Offer>> = {
  standard: { label: 'By post', text: 'In two to four days.', price: 490, freeFrom: 10_000 },
  express: { label: 'Express', text: 'Tomorrow, if ordered before noon.', price: 990 },
  collect: { label: 'Collect it', text: 'From the shop at the corner, this afternoon.', price: 0 }
}

/** Returns the cost of delivering these goods in this way, in euro cents. */
export function deliveryCost(delivery: Delivery, lines: readonly Line[]): number {
  const { price, freeFrom = Number.POSITIVE_INFINITY } = offers[delivery]
  return sumOf(lines) >= freeFrom ? 0 : price
}
