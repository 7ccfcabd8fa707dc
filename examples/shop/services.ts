import type { Orders } from './orders.js'
import type { StockTicker } from './ticker.js'

/** The services that pages use, apart from sessions. */
export interface Services {
  readonly orders: Orders
  readonly ticker: StockTicker
}
