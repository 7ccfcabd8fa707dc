import type { FastifyInstance } from 'fastify'
import { offers } from '../../delivery.js'
import { type Html, html } from '../../html.js'
import { money } from '../../money.js'
import { contentsOf, numberOf, type Order } from '../../orders.js'
import type { Services } from '../../services.js'
import { ago } from '../../time.js'
import { sendAdminPage } from './admin-page.js'

/** The most orders on a page. */
const LATEST = 50

export async function orders(app: FastifyInstance, { orders }: Services): Promise<void> {
  app.get('/admin', async (_request, reply) => {
    const all = await orders.all()
    const count =
      all.length > LATEST ? `The newest ${LATEST} of ${all.length}.` : `${all.length} so far, the newest first.`
    const body = html`<h1>Orders</h1>
<p class="soft">${all.length === 0 ? 'None yet.' : count}</p>
${all.length > 0 && html`<ul class="list" id="orders">${all.slice(0, LATEST).map(row)}</ul>`}`
    return sendAdminPage(reply, 'Orders', body)
  })
}

function row(order: Order): Html {
  const { address, delivery, items, total } = order
  return html`<li class="row">
  <div class="grow">
    <h2>${numberOf(order)} <b class="tag">${offers[delivery].label}</b></h2>
    <p>${contentsOf(items)}</p>
    <p class="soft">${address.name}, ${address.city}, ${ago(new Date(order.at))}</p>
  </div>
  <span class="price">${money(total, 'EUR')}</span>
</li>`
}
