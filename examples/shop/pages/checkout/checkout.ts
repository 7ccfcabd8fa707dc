import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Services } from '../../services.js'
import { address } from './address.js'
import { delivery } from './delivery.js'
import { done } from './done.js'
import { review } from './review.js'
import { isCartEmpty, nextStep, pathOf } from './steps.js'

/**
 * Leads from the cart to an order in three steps. Visitors can go back and forth between them until the order is
 * placed.
 */
export async function checkout(app: FastifyInstance, services: Services): Promise<void> {
  app.get('/checkout', async (request, reply) => {
    const session = request.session('checkout')
    if (isCartEmpty(request)) return reply.redirect(session.has('placed') ? '/checkout/done' : '/cart', 303)
    const id = randomUUID()
    // A checkout that has begun keeps its id, so that two tabs of one checkout place one order.
    session.update('order', (order) => order ?? id)
    return reply.redirect(pathOf(nextStep(session.data)), 303)
  })

  for (const step of [address, delivery, review, done]) await app.register(step, services)
}
