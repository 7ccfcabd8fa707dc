import { products } from './catalogue.js'
import type { Orders } from './orders.js'

/** How many are left on the shelf, by product id. */
export type Stock = Readonly<Record<string, number>>

/** Computes the stock from the orders. An empty shelf is refilled at once, so nothing is ever sold out. */
export async function stockAfter(orders: Orders): Promise<Stock> {
  const sold = new Map<string, number>()
  for (const { items } of await orders.all()) {
    for (const [id, quantity] of Object.entries(items)) sold.set(id, (sold.get(id) ?? 0) + quantity)
  }
  return Object.fromEntries(products.map(({ id, shelf }) => [id, shelf - ((sold.get(id) ?? 0) % shelf)]))
}
