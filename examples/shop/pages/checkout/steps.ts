import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SessionFor } from 'fastify-sessions'
import { type Html, html } from '../../html.js'
import { linesOf } from '../../lines.js'
import { sendPage } from '../../page.js'

const steps = ['address', 'delivery', 'review'] as const
type Step = (typeof steps)[number]

const LABELS = { address: 'Address', delivery: 'Delivery', review: 'Review' } as const

type Data = SessionFor<'checkout'>['data']

/** Returns the first step that is not done. */
export function nextStep({ address, delivery }: Data): Step {
  if (address === undefined) return 'address'
  return delivery === undefined ? 'delivery' : 'review'
}

export function pathOf(step: Step): string {
  return `/checkout/${step}`
}

export function isCartEmpty(request: FastifyRequest): boolean {
  return linesOf(request.session('cart').get('items')).length === 0
}

/**
 * Returns a guard that redirects visitors who have not reached the step: their cart is empty, they have not begun, or
 * they have left out an earlier step.
 */
export function onlyFrom(step: Step) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { data } = request.session('checkout')
    const isReached = data.order !== undefined && steps.indexOf(nextStep(data)) >= steps.indexOf(step)
    if (!isReached || isCartEmpty(request)) await reply.redirect('/checkout', 303)
  }
}

/** Sends a page of the checkout, with the steps above it. Those that can be reached are links. */
export function sendStep(reply: FastifyReply, step: Step, body: Html): FastifyReply {
  const reached = steps.indexOf(nextStep(reply.request.session('checkout').data))
  const items = steps.map((each, index) => {
    if (each === step) return html`<li aria-current="step">${LABELS[each]}</li>`
    return html`<li>${index <= reached ? html`<a href="${pathOf(each)}">${LABELS[each]}</a>` : LABELS[each]}</li>`
  })
  return sendPage(
    reply,
    `${LABELS[step]}, checkout`,
    html`<nav aria-label="Checkout"><ol class="steps row">${items}</ol></nav>${body}`
  )
}
