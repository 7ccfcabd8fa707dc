import type { FastifyInstance } from 'fastify'
import { money, product } from '../catalogue.js'
import { html } from '../html.js'
import { sendPage } from '../page.js'

export async function cart(app: FastifyInstance): Promise<void> {
  app.get('/cart', async (request, reply) => {
    const currency = request.session('prefs').get('currency')
    const lines = Object.entries(request.session('cart').get('items')).flatMap(([id, quantity]) => {
      const found = product(id)
      return found === undefined ? [] : [{ ...found, quantity, sum: found.price * quantity }]
    })
    if (lines.length === 0) {
      return sendPage(
        request,
        reply,
        'Cart',
        html`<h1>Your cart</h1><p>It is empty. <a href="/">Have a look around.</a></p>`
      )
    }
    const total = lines.reduce((sum, line) => sum + line.sum, 0)
    const rows = lines.map(
      ({ name, quantity, price, sum }) => html`<tr><td>${name}</td><td class="number">${quantity}</td>
<td class="number wide">${money(price, currency)}</td><td class="number">${money(sum, currency)}</td></tr>`
    )
    return sendPage(
      request,
      reply,
      'Cart',
      html`<h1>Your cart</h1>
<table><thead><tr><th>Article</th><th class="number">Quantity</th><th class="number wide">Each</th><th class="number">Sum</th></tr></thead>
<tbody>${rows}</tbody><tfoot><tr><th>Total</th><td></td><td class="wide"></td><td class="number price" id="total">${money(total, currency)}</td></tr></tfoot></table>
<form class="row" method="post" action="/empty-cart"><button class="quiet">Empty the cart</button></form>`
    )
  })

  app.post('/empty-cart', async (request, reply) => {
    request.session('cart').clear()
    request.session('prefs').flash('notice', 'Your cart is empty.')
    return reply.redirect('/cart', 303)
  })
}
