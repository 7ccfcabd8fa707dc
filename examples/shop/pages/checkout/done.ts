import type { FastifyInstance } from 'fastify'
import { offers } from '../../delivery.js'
import { type Html, html } from '../../html.js'
import { lineRow, linesOf } from '../../lines.js'
import { money } from '../../money.js'
import { numberOf, type Order } from '../../orders.js'
import { sendPage } from '../../page.js'
import type { Services } from '../../services.js'

export async function done(app: FastifyInstance, { orders }: Services): Promise<void> {
  app.get('/checkout/done', async (request, reply) => {
    // Only the visitor who placed the order sees it: the id comes from the session, never from the URL.
    const placed = request.session('checkout').get('placed')
    const order = placed === undefined ? undefined : await orders.find(placed)
    if (order === undefined) return reply.redirect('/cart', 303)
    return sendPage(reply, 'Thank you', thanks(order))
  })
}

function thanks(order: Order): Html {
  const { address, delivery, items, total, currency } = order
  return html`<h1>Thank you, ${address.name}</h1>
<p>Your order <b id="order">${numberOf(order)}</b> is placed. If this were a real shop, a confirmation would be on its way to ${address.email}.</p>
<ul class="list">
  ${linesOf(items).map((line) => lineRow(line, currency))}
  <li class="row"><b class="grow">Total, ${offers[delivery].label.toLowerCase()}</b> <span class="price">${money(total, currency)}</span></li>
</ul>
<p><a class="button quiet" href="/">Back to the catalogue</a></p>`
}
