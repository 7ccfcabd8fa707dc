import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { SessionsOptions } from '../types/options.js'
import { hasRoutes, prepareSerializer, refuseOtherSessions } from './app/host-app.js'
import { pastOf } from './app/past-of.js'
import { AppSessions } from './app/sessions.js'
import { keepRegistry } from './definition/registries.js'
import { Registry } from './definition/registry.js'
import { RouteSessions } from './definition/route-sessions.js'
import { AppEvents } from './events/app-events.js'
import { checkOptions } from './options/names.js'
import { decorateRequests } from './request/decorate.js'
import { leave } from './request/leave.js'
import { RequestSessions } from './request/request-sessions.js'
import { Requests } from './request/requests.js'
import { type Done, goOn } from './response/go-on.js'
import * as aead from './seal/aead.js'
import { KeyRing } from './seal/keys.js'
import { cookieStore } from './stores/cookie.js'
import { isPromise } from './util/awaitable.js'

async function plugin(app: FastifyInstance, options: SessionsOptions): Promise<void> {
  refuseOtherSessions(app)
  checkOptions(options)
  await Promise.all([aead.ready(), prepareSerializer(app)])
  const ring = new KeyRing(options.keys, options.app)
  const registry = new Registry(ring, { cookie: cookieStore() }, options, new AppEvents())
  const routes = new RouteSessions(hasRoutes(app))
  const { pluginTimeout = 0 } = app.initialConfig
  const past = await pastOf(registry, options, app.log)
  const sessions = new AppSessions(ring, registry, options, app.log, pluginTimeout, routes, past)
  const requests = new Requests(
    app,
    (request, reply) => new RequestSessions(request, reply, sessions.marker, sessions.unsaved, sessions.watches, routes)
  )

  keepRegistry(sessions, registry)
  app.decorate('sessions', sessions)
  await decorateRequests(app, registry, requests, options.default)

  // A request arrives: read the records that its cookies name, except for sessions that are loaded by hand.
  app.addHook('onRequest', (request, reply, done) => {
    requests.enter(request, reply)
    const loading = sessions.preloader.preload(request, requests.of)
    if (!isPromise(loading)) return done()
    loading.then(
      () => goOn(reply, done),
      (error) => goOn(reply, done, error)
    )
  })

  // The handler has replied: save what it changed, then set the cookies.
  app.addHook('onSend', (request, _reply, payload, done) => {
    if (requests.hasEntered(request)) sessions.preloader.roll(request, requests.of)
    const found = requests.find(request)
    if (!found?.isLookedAt) done()
    else leave(found, payload, done as Done)
  })

  // A reply failed: the reply to that error follows the first one, and must not be refused as a second reply.
  app.addHook('onError', (request, _reply, _error, done) => {
    requests.find(request)?.replyState.noteError()
    done()
  })

  app.addHook('onRoute', ({ method, url, config }) => routes.add(String(method), url, config?.sessions))
  app.addHook('onReady', () => sessions.start(app))
  app.addHook('onClose', () => sessions.stop())
}

/**
 * The plugin. Register it once, before the hooks that use `request.session`: `await app.register(sessions, options)`.
 *
 * @throws FST_SESSIONS_CONFIG when an option is wrong, or another session plugin is registered. `app.ready()` rejects
 * with it, or with FST_SESSIONS_STORE_CONFIG when a store can't be set up.
 * @example
 * const options = defineSessions({
 *   keys: [process.env.SESSION_KEY],
 *   sessions: { prefs: { schema: z.object({ theme: z.enum(['light', 'dark']).default('light') }) } }
 * })
 * await app.register(sessions, options)
 * app.get('/', async (request) => request.session('prefs').get('theme'))
 */
export const fastifySessions = fp(plugin, { fastify: '5.x', name: 'fastify-sessions' })
