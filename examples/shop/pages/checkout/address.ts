import type { FastifyInstance } from 'fastify'
import { field, refusedForm } from '../../fields.js'
import { type Html, html } from '../../html.js'
import { Address } from '../../orders.js'
import { onlyFrom, sendStep } from './steps.js'

type Values = Readonly<Record<string, string | undefined>>

const fields = [
  { name: 'name', label: 'Name', autocomplete: 'name' },
  { name: 'email', label: 'E-mail', autocomplete: 'email', type: 'email' },
  { name: 'street', label: 'Street and number', autocomplete: 'street-address' },
  { name: 'postcode', label: 'Postcode', autocomplete: 'postal-code' },
  { name: 'city', label: 'Town', autocomplete: 'address-level2' }
] as const

export async function address(app: FastifyInstance): Promise<void> {
  const preHandler = onlyFrom('address')

  app.get('/checkout/address', { preHandler }, async (request, reply) => {
    const { refused, address } = request.session('checkout').data
    const values = refused?.values ?? address ?? { name: request.session('login').get('user') }
    return sendStep(reply, 'address', addressForm(values, refused?.faults ?? {}))
  })

  app.post('/checkout/address', { preHandler }, async (request, reply) => {
    const checkout = request.session('checkout')
    const form = Address.safeParse(request.body)
    if (form.success) {
      checkout.set('address', form.data).delete('refused')
      return reply.redirect('/checkout/delivery', 303)
    }
    // The refused form is kept until it is corrected, so that a reload loses none of the input.
    const names = fields.map(({ name }) => name)
    checkout.set('refused', refusedForm(request.body, form.error, names))
    return reply.redirect('/checkout/address', 303)
  })
}

function addressForm(values: Values, faults: Values): Html {
  const first = fields.find(({ name }) => faults[name] !== undefined)
  return html`<h1>Where to?</h1>
${first !== undefined && html`<p class="fault" role="alert">Something is not right yet: please look at what is marked.</p>`}
<form class="panel" method="post" action="/checkout/address">
  ${fields.map((each) => field({ ...each, value: values[each.name], fault: faults[each.name], isFirst: each === first }))}
  <button>Go on to delivery</button>
</form>`
}
