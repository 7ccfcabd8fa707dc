import type { FastifyInstance } from 'fastify'
import { money, product, products } from '../catalogue.js'
import { html } from '../html.js'
import { sendPage } from '../page.js'

export async function catalogue(app: FastifyInstance): Promise<void> {
  app.get('/', async (request, reply) => {
    const currency = request.session('prefs').get('currency')
    const cards = products.map(
      ({ id, name, text, price, hue, picture }) => html`<li class="card" style="--hue: ${hue}">
  <svg viewBox="0 0 128 124" aria-hidden="true">${picture}</svg>
  <div><h2>${name}</h2><p class="soft">${text}</p>
  <form method="post" action="/cart/${id}"><span class="price">${money(price, currency)}</span><button aria-label="Add ${name} to the cart">Add</button></form></div>
</li>`
    )
    return sendPage(
      request,
      reply,
      'Catalogue',
      html`<h1>Good things for quiet evenings</h1><ul class="grid">${cards}</ul>`
    )
  })

  app.post<{ Params: { id: string } }>('/cart/:id', async (request, reply) => {
    const added = product(request.params.id)
    if (added === undefined) return reply.callNotFound()
    // By update, not by set: two tabs may do this at the same time, and neither may be lost.
    request.session('cart').update('items', (items) => ({ ...items, [added.id]: (items[added.id] ?? 0) + 1 }))
    request.session('prefs').flash('notice', `${added.name} is in your cart.`)
    return reply.redirect('/', 303)
  })
}
