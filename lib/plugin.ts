import { fastifyCookie } from '@fastify/cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { SessionsOptions } from '../types/options.js'
import * as aead from './aead.js'
import { AppSessions } from './app-sessions.js'
import { isPromise } from './awaitable.js'
import { commit } from './commit.js'
import { ConfigError, NotLoadedError } from './errors.js'
import { KeyRing } from './keys.js'
import { checkOptions } from './options-check.js'
import { Registry } from './registry.js'
import { RequestSessions } from './request.js'
import type { SessionState } from './state.js'

const kSessions = Symbol('fastify-sessions')
const kReply = Symbol('fastify-sessions reply')

/** What the plugin keeps on a request; symbols, so that nobody else meets it. */
interface Kept {
  [kSessions]: RequestSessions | null
  [kReply]: FastifyReply | null
}

async function plugin(app: FastifyInstance, options: SessionsOptions): Promise<void> {
  refuseOtherSessions(app)
  checkOptions(options)
  await Promise.all([aead.ready(), prepareSerializer(app)])
  const ring = new KeyRing(options.keys, options.app)
  const registry = new Registry(ring, options)
  const sessions = new AppSessions(ring, registry, options, app.log, app.printRoutes() !== NO_ROUTES)

  app.decorate('sessions', sessions)
  app.decorateRequest(kSessions, null)
  app.decorateRequest(kReply, null)
  const session = function (this: FastifyRequest, nameOrDefinition: never) {
    const entry = registry.find(nameOrDefinition)
    if (!keptOn(this)[kReply]) {
      throw new NotLoadedError(
        entry.name,
        'is asked for before the plugin has seen the request: register fastify-sessions before the hook or plugin that does'
      )
    }
    return of(this).session(entry) as never
  }
  // One function serves all requests: a value that is set on it, as on other plugins' sessions, would be everybody's.
  app.decorateRequest('session', Object.freeze(session) as FastifyRequest['session'])
  app.decorateRequest('saveSessions', async function (this: FastifyRequest) {
    await of(this).commit(of(this).used)
  })

  app.addHook('onRequest', (request, reply, done) => {
    keptOn(request)[kReply] = reply
    const loading = sessions.preload(request, of)
    if (isPromise(loading)) loading.then(() => done(), done)
    else done()
  })

  app.addHook('onSend', (request, reply, _payload, done) => {
    const sessions = keptOn(request)[kSessions]
    if (!sessions?.isLookedAt) return done()
    addVary(reply)
    sessions.isLeaving = true
    if (sessions.hasFailed) return done()
    const fail = (error: Error) => {
      sessions.hasFailed = true
      done(error)
    }
    try {
      const saving = sessions.commit(savable(sessions, reply))
      if (saving === undefined) done()
      else saving.then(() => done(), fail)
    } catch (error) {
      fail(error as Error)
    }
  })

  app.addHook('onRoute', ({ method, url, config }) => sessions.addRoute(String(method), url, config?.sessions))
  app.addHook('onReady', () => sessions.start())
  app.addHook('onClose', () => sessions.stop())

  function of(request: FastifyRequest): RequestSessions {
    const kept = keptOn(request)
    kept[kSessions] ??= new RequestSessions(request, kept[kReply] as FastifyReply, sessions.marker, commit)
    return kept[kSessions]
  }
}

/** What Fastify prints when there are none. */
const NO_ROUTES = '(empty tree)'

function keptOn(request: FastifyRequest): Kept {
  return request as unknown as Kept
}

/** What a response of 500 or more leaves behind is not what the handler meant to. */
function savable({ used }: RequestSessions, { statusCode }: FastifyReply): readonly SessionState[] {
  return statusCode < 500 ? used : used.filter(({ entry }) => entry.saveOnError)
}

/** What was shown depends on the cookie, so a cache must not show it to others (RFC 9110 §12.5.5). */
function addVary(reply: FastifyReply): void {
  const present = reply.getHeader('vary')
  if (present === undefined) reply.header('vary', 'Cookie')
  else if (!/(^|,)\s*(\*|cookie)\s*(,|$)/i.test(String(present))) reply.header('vary', `${present}, Cookie`)
}

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
