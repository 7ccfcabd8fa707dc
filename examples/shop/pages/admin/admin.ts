import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Services } from '../../services.js'
import { adminSignIn } from './admin-sign-in.js'
import { orders } from './orders.js'

/** The back office: for staff, with a session of its own that no customer's sign-in gives. */
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
