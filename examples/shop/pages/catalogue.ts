import type { FastifyInstance } from 'fastify'
import { type Product, productOf, products } from '../catalogue.js'
import { type Html, html } from '../html.js'
import { type Currency, money } from '../money.js'
import { sendPage } from '../page.js'
import { MOST } from '../sessions.js'

export async function catalogue(app: FastifyInstance): Promise<void> {
  app.get('/', async (request, reply) => {
    const cart = request.session('cart')
    // Begun here: of two first things that are added at once, each would begin a cart, and the browser keep one.
    if (cart.isNew) cart.set('items', {})
    const currency = request.session('prefs').get('currency')
    const body = html`<h1>Good things for quiet evenings</h1>
<p class="soft">A small shop with a few useful things. Nothing is sent, and nothing is charged.</p>
<ul class="grid">${products.map((product) => card(product, currency))}</ul>`
    return sendPage(reply, 'Catalogue', body)
  })

  app.post<{ Params: { id: string } }>('/cart/:id', async (request, reply) => {
    const product = productOf(request.params.id)
    if (product === undefined) return reply.callNotFound()
    const { id, name } = product
    // By update, not by set: two tabs may do this at the same time, and neither may be lost.
    request.session('cart').update('items', (items) => ({ ...items, [id]: Math.min((items[id] ?? 0) + 1, MOST) }))
    request.session('prefs').flash('notice', `${name} is in your cart.`)
    // To where the visitor was looking.
    return reply.redirect(`/#${id}`, 303)
  })
}

function card({ id, name, text, price, picture }: Product, currency: Currency): Html {
  return html`<li class="card" id="${id}">
  ${picture}
  <h2>${name}</h2>
  <p class="soft">${text}</p>
  <form class="row" method="post" action="/cart/${id}"><span class="price">${money(price, currency)}</span>
    <button aria-label="Add ${name} to the cart">Add</button></form>
</li>`
}
