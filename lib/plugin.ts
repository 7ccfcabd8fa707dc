import { fastifyCookie } from '@fastify/cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Definition, SessionsOptions } from '../types/options.js'
import { AppSessions } from './app/sessions.js'
import { Registry } from './definition/registry.js'
import { RouteSessions } from './definition/route-sessions.js'
import { ConfigError, NotLoadedError } from './errors.js'
import { checkOptions } from './options/names.js'
import { leave } from './request/leave.js'
import { noSession } from './request/misuse.js'
import { RequestSessions } from './request/request-sessions.js'
import { Unsaved } from './request/unsaved.js'
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
  const registry = new Registry(ring, { cookie: cookieStore() }, options)
  const routes = new RouteSessions(app.printRoutes() !== NO_ROUTES)
  const { pluginTimeout = 0 } = app.initialConfig
  const sessions = new AppSessions(ring, registry, options, app.log, pluginTimeout, routes)

  // Of this registration: a scope and the app around it may have one each.
  const kSessions = Symbol('fastify-sessions')
  const kReply = Symbol('fastify-sessions reply')
  // Scopes that are older than the plugin get its hooks and its methods, but no values.
  type Kept = { [kSessions]?: RequestSessions | null; [kReply]?: FastifyReply | null }
  const keptOn = (request: FastifyRequest) => request as unknown as Kept

  const unsaved = new Unsaved()

  app.decorate('sessions', sessions)
  app.decorateRequest(kSessions, null)
  app.decorateRequest(kReply, null)
  const session = function (this: FastifyRequest, nameOrDefinition: string | Definition) {
    const definition = registry.find(nameOrDefinition)
    if (!this || !keptOn(this)[kReply]) throw new NotLoadedError(definition.name, this ? TOO_EARLY : UNBOUND)
    return of(this).session(definition)
  }
  if (options.default === undefined) {
    // One function serves all requests: a value that is set on it, as on other plugins' sessions, would be everybody's.
    Object.freeze(
      Object.setPrototypeOf(
        session,
        noSession(() => registry.names)
      )
    )
    app.decorateRequest('session', session as unknown as FastifyRequest['session'])
  } else {
    const { decorateWithDefault } = await import('./request/session-proxy.js')
    decorateWithDefault(app, options.default, session)
  }
  app.decorateRequest('saveSessions', function (this: FastifyRequest) {
    return of(this).saveStates(of(this).used)
  })

  app.addHook('onRequest', (request, reply, done) => {
    keptOn(request)[kReply] = reply
    const loading = sessions.preload(request, of)
    if (!isPromise(loading)) return done()
    loading.then(
      () => goOn(reply, done),
      (error) => goOn(reply, done, error)
    )
  })

  app.addHook('onSend', (request, _reply, payload, done) => {
    if (keptOn(request)[kReply]) sessions.roll(request, of)
    const kept = keptOn(request)[kSessions]
    if (!kept?.isLookedAt) done()
    else leave(kept, payload, done as Done)
  })

  app.addHook('onError', (request, _reply, _error, done) => {
    const kept = keptOn(request)[kSessions]
    kept?.replyState.noteError()
    done()
  })

  app.addHook('onRoute', ({ method, url, config }) => routes.add(String(method), url, config?.sessions))
  app.addHook('onReady', () => sessions.start(app))
  app.addHook('onClose', () => {
    unsaved.close()
    return sessions.stop()
  })

  function of(request: FastifyRequest): RequestSessions {
    const kept = keptOn(request)
    const reply = kept[kReply] as FastifyReply
    kept[kSessions] ??= new RequestSessions(request, reply, sessions.marker, unsaved, sessions.watches, routes)
    return kept[kSessions]
  }
}

/** What Fastify prints when there are none. */
const NO_ROUTES = '(empty tree)'

const TOO_EARLY =
  'is asked for before the plugin has seen the request: register fastify-sessions before the hook or plugin that does'
const UNBOUND =
  'is asked for without its request: write request.session(…), not a copy of the function (in Nest take @Req(), not @Session())'

/**
 * @fastify/cookie can serialise only once it has been registered somewhere. In a scope of its own it decorates nothing of
 * the app's, which may register it before, afterwards, or not at all.
 */
async function prepareSerializer(app: FastifyInstance): Promise<void> {
  if (app.hasDecorator('serializeCookie')) return
  await app.register(async (scope) => {
    await scope.register(fastifyCookie, { hook: false })
  })
}

function refuseOtherSessions(app: FastifyInstance): void {
  if (app.hasDecorator('sessions')) throw new ConfigError('fastify-sessions is registered already: once is enough')
  if (app.hasRequestDecorator('session')) {
    throw new ConfigError('request.session is taken by another session plugin: an app can have one of them')
  }
}

/**
 * The plugin: `await app.register(sessions, options)`, once, before hooks that use `request.session`.
 *
 * @example
 * const options = defineSessions({
 *   keys: [process.env.SESSION_KEY],
 *   sessions: { prefs: { schema: z.object({ theme: z.enum(['light', 'dark']).default('light') }) } }
 * })
 * await app.register(sessions, options)
 * app.get('/', async (request) => request.session('prefs').get('theme'))
 */
export const fastifySessions = fp(plugin, { fastify: '5.x', name: 'fastify-sessions' })
