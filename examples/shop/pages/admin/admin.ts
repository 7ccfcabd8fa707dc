import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Services } from '../../services.js'
import { adminSignIn } from './admin-sign-in.js'
import { orders } from './orders.js'

/**
 * The back office, for staff only. It has a session of its own, so that signing in as a customer gives no access to it.
 */
export async function admin(app: FastifyInstance, services: Services): Promise<void> {
  await app.register(adminSignIn)
  await app.register(async (guarded) => {
    guarded.addHook('preHandler', onlyStaff)
    await guarded.register(orders, services)
  })
}

async function onlyStaff(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.session('admin').subject === undefined) await reply.redirect('/admin/sign-in', 303)
}
