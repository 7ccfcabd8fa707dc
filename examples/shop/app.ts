import formbody from '@fastify/formbody'
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions
} from 'fastify'
import sessions from 'fastify-sessions'
import { assets } from './assets.js'
import { html } from './html.js'
import type { Orders } from './orders.js'
import { sendBarePage, sendPage } from './page.js'
import { account } from './pages/account.js'
import { admin } from './pages/admin/admin.js'
import { behindTheScenes } from './pages/behind-the-scenes.js'
import { cart } from './pages/cart.js'
import { catalogue } from './pages/catalogue.js'
import { checkout } from './pages/checkout/checkout.js'
import { preferences } from './pages/preferences.js'
import { signIn } from './pages/sign-in.js'
import { stock } from './pages/stock.js'
import { refuseOtherSites } from './same-origin.js'
import type { Services } from './services.js'
import type { shopSessions } from './sessions.js'
import { StockTicker } from './ticker.js'

export interface Shop {
  readonly sessions: ReturnType<typeof shopSessions>
  readonly orders: Orders
  /** How often streams check for news, in ms. Default: 1000. */
  readonly interval?: number
}

const parts = [assets, catalogue, stock, cart, checkout, preferences, signIn, account, admin, behindTheScenes]

/**
 * Builds the shop, ready to listen: `buildShop({ sessions: shopSessions({ directory, keys }), orders: new
 * Orders(directory) })`.
 */
export async function buildShop(shop: Shop, server: FastifyServerOptions = {}): Promise<FastifyInstance> {
  // Browsers keep connections open that they may never use. Closing the app must not wait for those.
  const app = Fastify({ forceCloseConnections: true, ...server })
  app.addHook('onRequest', refuseOtherSites)
  await app.register(formbody)
  await app.register(sessions, shop.sessions)
  app.setNotFoundHandler(notFound)
  app.setErrorHandler(failed)
  const services = await open(app, shop)
  for (const part of parts) await app.register(part, services)
  return app
}

async function open(app: FastifyInstance, { orders, interval = 1000 }: Shop): Promise<Services> {
  await orders.open()
  const ticker = new StockTicker(orders, interval)
  app.addHook('preClose', async () => ticker.close())
  return { orders, ticker }
}

function notFound(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const body = html`<h1>There is nothing here</h1>
<p>Perhaps it was sold. <a href="/">To the catalogue</a></p>`
  return sendPage(reply.code(404), 'Not found', body)
}

/** Answers an error with a page that uses no session, because the sessions' store may be what failed. */
function failed(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { statusCode = 500 } = error
  if (statusCode >= 500) request.log.error(error)
  const body = html`<h1>That did not work</h1>
<p>${statusCode < 500 ? error.message : 'The fault is ours. Please try again in a moment.'} <a href="/">To the catalogue</a></p>`
  return sendBarePage(reply.code(statusCode), 'Error', body)
}
