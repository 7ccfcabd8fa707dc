import type { Orders } from './orders.js'
import type { StockTicker } from './ticker.js'

/** What pages need besides sessions. */
export interface Services {
  readonly orders: Orders
  readonly ticker: StockTicker
}
