import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { deliveryCost, offers } from '../../delivery.js'
import { type Html, html } from '../../html.js'
import { lineRow, linesOf, sumOf, without } from '../../lines.js'
import { money } from '../../money.js'
import { contentsOf, type Order } from '../../orders.js'
import type { Services } from '../../services.js'
import { onlyFrom, sendStep } from './steps.js'

/** The id of the order, and the contents that the page showed when the button was pressed. */
const Form = z.object({ order: z.uuid(), seen: z.string() })

export async function review(app: FastifyInstance, { orders }: Services): Promise<void> {
  app.get('/checkout/review', { preHandler: onlyFrom('review') }, async (request, reply) =>
    sendStep(reply, 'review', reviewPage(draftOf(request) as Order))
  )

  app.post('/checkout/review', async (request, reply) => {
    const form = Form.safeParse(request.body)
    const checkout = request.session('checkout')
    const { order: id, placed } = checkout.data
    // The button was pressed twice, or in a tab that was left open.
    if (form.data !== undefined && form.data.order === placed) return reply.redirect('/checkout/done', 303)
    if (form.data === undefined || form.data.order !== id) return askAgain(request, reply)
    if ((await orders.find(id)) === undefined) {
      const order = draftOf(request)
      if (order === undefined || form.data.seen !== seenOf(order)) return askAgain(request, reply)
      // Of two concurrent requests, one places the order and removes its items from the cart, but not items that were
      // added meanwhile.
      if (await orders.place(order)) request.session('cart').update('items', (items) => without(items, order.items))
    }
    checkout.clear().set('placed', id)
    return reply.redirect('/checkout/done', 303)
  })
}

function askAgain(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  request
    .session('prefs')
    .flash('error', 'Your cart or your checkout has changed meanwhile. Please look at it once more.')
  return reply.redirect('/checkout', 303)
}

/** Returns the order as it would be placed now; `undefined` while something is missing. */
function draftOf(request: FastifyRequest): Order | undefined {
  const { order: id, address, delivery } = request.session('checkout').data
  const lines = linesOf(request.session('cart').get('items'))
  if (id === undefined || address === undefined || delivery === undefined || lines.length === 0) return undefined
  const items = Object.fromEntries(lines.map(({ id, quantity }) => [id, quantity]))
  const total = sumOf(lines) + deliveryCost(delivery, lines)
  return { id, at: Date.now(), address, delivery, items, total, currency: request.session('prefs').get('currency') }
}

function seenOf({ address, delivery, items, total }: Order): string {
  return [contentsOf(items), delivery, total, ...Object.values(address)].join('; ')
}

function reviewPage(order: Order): Html {
  const { id, address, delivery, items, total, currency } = order
  const lines = linesOf(items)
  return html`<h1>Is this right?</h1>
<ul class="list">
  <li class="row">
    <address class="grow">${address.name}<br>${address.street}<br>${address.postcode} ${address.city}<br>${address.email}</address>
    <a href="/checkout/address" aria-label="Change the address">Change</a>
  </li>
  ${lines.map((line) => lineRow(line, currency))}
  <li class="row">
    <span class="grow">${offers[delivery].label} <a href="/checkout/delivery" aria-label="Change the delivery">Change</a></span>
    <span class="price">${money(deliveryCost(delivery, lines), currency)}</span>
  </li>
  <li class="row"><b class="grow">Total</b> <span class="price" id="total">${money(total, currency)}</span></li>
</ul>
<form method="post" action="/checkout/review">
  <input type="hidden" name="order" value="${id}">
  <input type="hidden" name="seen" value="${seenOf(order)}">
  <button>Place the order</button>
</form>`
}
