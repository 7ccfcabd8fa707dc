import { type Product, productOf } from './catalogue.js'
import { type Html, html } from './html.js'
import { type Currency, money } from './money.js'

/** Quantities by product id. */
export type Items = Readonly<Record<string, number>>

export type Line = Product & { readonly quantity: number }

/** Returns the lines of a cart, without products that are no longer sold. */
export function linesOf(items: Items): readonly Line[] {
  return Object.entries(items).flatMap(([id, quantity]) => {
    const product = productOf(id)
    return product === undefined ? [] : [{ ...product, quantity }]
  })
}

/** Returns the sum of the lines in euro cents. */
export function sumOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { price, quantity }) => sum + price * quantity, 0)
}

/** Returns the items of a cart without those that were taken. */
export function without(items: Items, taken: Items): Record<string, number> {
  const left = Object.entries(items).map(([id, quantity]) => [id, quantity - (taken[id] ?? 0)] as const)
  return Object.fromEntries(left.filter(([, quantity]) => quantity > 0))
}

export function lineRow({ name, quantity, price }: Line, currency: Currency): Html {
  return html`<li class="row"><span class="grow">${quantity} × ${name}</span> <span class="price">${money(price * quantity, currency)}</span></li>`
}
