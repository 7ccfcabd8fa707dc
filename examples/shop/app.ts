import formbody from '@fastify/formbody'
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions
} from 'fastify'
import sessions from 'fastify-sessions'
import { html } from './html.js'
import { sendBarePage, sendPage, styles } from './page.js'
import { account } from './pages/account.js'
import { cart } from './pages/cart.js'
import { catalogue } from './pages/catalogue.js'
import { preferences } from './pages/preferences.js'
import { signIn } from './pages/sign-in.js'
import { refuseOtherSites } from './same-origin.js'
import type { shopSessions } from './sessions.js'

/** The shop, ready to listen: `buildShop(shopSessions({ directory, keys }))`. */
export async function buildShop(
  options: ReturnType<typeof shopSessions>,
  server: FastifyServerOptions = {}
): Promise<FastifyInstance> {
  // Browsers hold connections open that they may never use: closing must not wait for them.
  const app = Fastify({ forceCloseConnections: true, ...server })
  app.addHook('onRequest', refuseOtherSites)
  await app.register(formbody)
  await app.register(sessions, options)
  app.setNotFoundHandler(notFound)
  app.setErrorHandler(failed)
  for (const part of [styles, catalogue, cart, preferences, signIn, account]) await app.register(part)
  return app
}

function notFound(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const body = html`<h1>There is nothing here</h1>
<p>Perhaps it was sold. <a href="/">To the catalogue</a></p>`
  return sendPage(reply.code(404), 'Not found', body)
}

/** Without a session in sight: it may be the sessions' store that failed. */
function failed(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { statusCode = 500 } = error
  if (statusCode >= 500) request.log.error(error)
  const body = html`<h1>That did not work</h1>
<p>${statusCode < 500 ? error.message : 'The fault is ours. Please try again in a moment.'} <a href="/">To the catalogue</a></p>`
  return sendBarePage(reply.code(statusCode), 'Error', body)
}
