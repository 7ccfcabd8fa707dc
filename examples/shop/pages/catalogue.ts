import type { FastifyInstance } from 'fastify'
import { type Product, productOf, products } from '../catalogue.js'
import { type Html, html } from '../html.js'
import { notice } from '../messages.js'
import { type Currency, money } from '../money.js'
import { sendPage } from '../page.js'
import type { Services } from '../services.js'
import { MOST } from '../sessions.js'
import { stockAfter } from '../stock.js'

interface View {
  readonly currency: Currency
  /** How many are left on the shelf. */
  readonly left: number
  readonly isAdded: boolean
  /** Whether the next product that is added would be the first in the cart. */
  readonly isFirst: boolean
}

export async function catalogue(app: FastifyInstance, { orders }: Services): Promise<void> {
  app.get('/', async (request, reply) => {
    const prefs = request.session('prefs')
    const currency = prefs.get('currency')
    const added = prefs.flashes('added')
    const isFirst = request.session('cart').isNew
    const stock = await stockAfter(orders)
    const cards = products.map((product) =>
      card(product, { currency, left: stock[product.id] ?? 0, isAdded: added.includes(product.id), isFirst })
    )
    const isSignedIn = request.session('login').subject !== undefined
    const body = html`${isFirst && beginning}
<h1>Good things for quiet evenings</h1>
<p class="soft">A small shop with a few useful things. Nothing is sent, and nothing is charged. ${isSignedIn && live}</p>
<ul class="grid">${cards}</ul>`
    return sendPage(reply, 'Catalogue', body)
  })

  app.post<{ Params: { id: string } }>('/cart/:id', async (request, reply) => {
    const product = productOf(request.params.id)
    if (product === undefined) return reply.callNotFound()
    const { id } = product
    // `update` and not `set`: two tabs may do this at the same time, and neither change may be lost.
    request.session('cart').update('items', (items) => ({ ...items, [id]: Math.min((items[id] ?? 0) + 1, MOST) }))
    const prefs = request.session('prefs')
    if (!prefs.peek('added').includes(id)) prefs.flash('added', id)
    // The fragment leads back to the product.
    return reply.redirect(`/#${id}`, 303)
  })

  /**
   * Begins a cart. If a visitor adds the first two products at the same time, from two tabs, each request would begin a
   * cart, and the browser would keep only one of them. So the script requests this before the first product is added,
   * in one tab at a time. Without scripts, the page itself does.
   */
  app.get('/begin.css', async (request, reply) => {
    const cart = request.session('cart')
    if (cart.isNew) cart.set('items', {})
    return reply.type('text/css').header('cache-control', 'no-store').send('')
  })
}

const beginning = html`<noscript><link rel="stylesheet" href="/begin.css"></noscript>`

/**
 * The texts of the script about the live stock: while it is updated, when the session has ended, and when the
 * connection is lost.
 */
const live = html`<span id="live" role="status" data-source="/stock"
  data-live="What is left is counted live."
  data-ended="The live count has ended: you are signed out."
  data-lost="The live count has ended."></span>`

function card({ id, name, text, price, picture }: Product, { currency, left, isAdded, isFirst }: View): Html {
  return html`<li class="card" id="${id}">
  ${isAdded && notice(html`<span class="unseen">${name}:</span> In your cart`, `/#${id}`)}
  ${picture}
  <h2>${name}</h2>
  <p class="soft">${text}</p>
  <form class="row" method="post" action="/cart/${id}"${isFirst && html` data-begin="/begin.css"`}>
    <span><span class="price">${money(price, currency)}</span><br><small class="soft"><span data-stock="${id}">${left}</span> left</small></span>
    <button aria-label="Add ${name} to the cart">Add</button>
  </form>
</li>`
}
