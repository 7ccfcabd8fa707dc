import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { deliveryCost, offers } from '../../delivery.js'
import { choice } from '../../fields.js'
import { html } from '../../html.js'
import { type Line, linesOf } from '../../lines.js'
import { type Currency, money } from '../../money.js'
import { deliveries } from '../../orders.js'
import { onlyFrom, sendStep } from './steps.js'

const Choice = z.object({ delivery: z.enum(deliveries) })

export async function delivery(app: FastifyInstance): Promise<void> {
  const preHandler = onlyFrom('delivery')

  app.get('/checkout/delivery', { preHandler }, async (request, reply) => {
    const lines = linesOf(request.session('cart').get('items'))
    const currency = request.session('prefs').get('currency')
    const body = html`<h1>How should it come?</h1>
<form class="panel" method="post" action="/checkout/delivery">
  ${choice('delivery', 'Delivery', request.session('checkout').get('delivery'), options(lines, currency))}
  <button>Go on to the review</button>
</form>`
    return sendStep(reply, 'delivery', body)
  })

  app.post('/checkout/delivery', { preHandler }, async (request, reply) => {
    const form = Choice.safeParse(request.body)
    if (form.success) {
      request.session('checkout').set('delivery', form.data.delivery)
      return reply.redirect('/checkout/review', 303)
    }
    request.session('prefs').flash('error', 'Please choose one of the ways.')
    return reply.redirect('/checkout/delivery', 303)
  })
}

function options(lines: readonly Line[], currency: Currency) {
  return deliveries.map((value) => {
    const { label, text } = offers[value]
    const cost = deliveryCost(value, lines)
    return { value, label: `${label}, ${cost === 0 ? 'free' : money(cost, currency)}`, text }
  })
}
