import formbody from '@fastify/formbody'
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions
} from 'fastify'
import sessions from 'fastify-sessions'
import { html } from './html.js'
import { sendPage, stylesheet } from './page.js'
import { account } from './pages/account.js'
import { cart } from './pages/cart.js'
import { catalogue } from './pages/catalogue.js'
import { preferences } from './pages/preferences.js'
import type { shopSessions } from './sessions.js'

export async function buildShop(
  options: ReturnType<typeof shopSessions>,
  server: FastifyServerOptions = {}
): Promise<FastifyInstance> {
  // Browsers hold connections open that they may never use: closing must not wait for them.
  const app = Fastify({ forceCloseConnections: true, ...server })
  await app.register(formbody)
  await app.register(sessions, options)
  app.addHook('onRequest', refuseOtherSites)
  app.get('/style.css', { config: { sessions: false } }, stylesheet)
  for (const page of [catalogue, cart, preferences, account]) await app.register(page)
  app.setNotFoundHandler((request, reply) => {
    reply.code(404)
    return sendPage(
      request,
      reply,
      'Not found',
      html`<h1>There is nothing here</h1><p><a href="/">To the catalogue</a></p>`
    )
  })
  return app
}

/** Forms of other sites must not act in the visitor's name: SameSite=Lax keeps cookies from them, this says no as well. */
async function refuseOtherSites(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const site = request.headers['sec-fetch-site']
  if (request.method === 'POST' && site !== undefined && site !== 'same-origin') {
    await reply.code(403).send('This form was sent from another site.')
  }
}
