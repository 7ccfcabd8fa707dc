import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { type Html, html } from '../html.js'
import { type Items, type Line, linesOf, sumOf } from '../lines.js'
import { type Currency, money } from '../money.js'
import { sendPage } from '../page.js'
import { MOST } from '../sessions.js'

const Change = z.object({ change: z.enum(['fewer', 'more', 'none']) })

export async function cart(app: FastifyInstance): Promise<void> {
  app.get('/cart', async (request, reply) => {
    const lines = linesOf(request.session('cart').get('items'))
    const currency = request.session('prefs').get('currency')
    return sendPage(reply, 'Cart', lines.length === 0 ? emptyCart : fullCart(lines, currency))
  })

  app.post<{ Params: { id: string } }>('/cart/:id/quantity', async (request, reply) => {
    const form = Change.safeParse(request.body)
    const { id } = request.params
    if (form.success) {
      request.session('cart').update('items', (items) => changed(items, id, form.data.change))
    }
    // The fragment leads to the same line, so that keyboard users continue there.
    return reply.redirect(`/cart#${encodeURIComponent(id)}`, 303)
  })

  app.post('/empty-cart', async (request, reply) => {
    request.session('cart').clear()
    request.session('prefs').flash('notice', 'Your cart is empty.')
    return reply.redirect('/cart', 303)
  })
}

/**
 * Applies a change to the current quantity. The form sends the change and not its result: if another tab has changed
 * the quantity too, both changes count.
 */
function changed(items: Items, id: string, change: 'fewer' | 'more' | 'none'): Record<string, number> {
  const { [id]: quantity, ...others } = items
  if (quantity === undefined || change === 'none') return others
  const next = change === 'more' ? Math.min(quantity + 1, MOST) : quantity - 1
  return next < 1 ? others : { ...items, [id]: next }
}

const emptyCart = html`<h1>Your cart</h1>
<p>It is empty.</p>
<p><a class="button" href="/">Have a look around</a></p>`

function fullCart(lines: readonly Line[], currency: Currency): Html {
  return html`<h1>Your cart</h1>
<ul class="list">
  ${lines.map((line) => row(line, currency))}
  <li class="row"><span class="grow">Total</span> <span class="price" id="total">${money(sumOf(lines), currency)}</span></li>
</ul>
<div class="row">
  <a class="button" href="/checkout">Check out</a>
  <form method="post" action="/empty-cart"><button class="quiet">Empty the cart</button></form>
</div>`
}

function row({ id, name, price, quantity, picture }: Line, currency: Currency): Html {
  const button = (change: string, label: string, text: string) =>
    html`<button class="quiet" name="change" value="${change}" aria-label="${label}">${text}</button>`
  return html`<li class="row" id="${id}">
  ${picture}
  <div class="grow"><h2>${name}</h2><p class="soft">${money(price, currency)} each</p></div>
  <form class="row" method="post" action="/cart/${id}/quantity">
    ${button('fewer', `One ${name} fewer`, '−')}
    <span class="quantity">${quantity}</span>
    ${button('more', `One ${name} more`, '+')}
    ${button('none', `Remove ${name}`, '×')}
  </form>
  <span class="price sum">${money(price * quantity, currency)}</span>
</li>`
}
