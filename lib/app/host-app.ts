import { fastifyCookie } from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import { ConfigError } from '../errors.js'

/**
 * Registers @fastify/cookie if the app has not: it can serialise cookies only after it was registered somewhere. It is
 * registered in a scope of its own, so that it decorates nothing of the app, which may register it before, later, or
 * not at all.
 */
export async function prepareSerializer(app: FastifyInstance): Promise<void> {
  if (app.hasDecorator('serializeCookie')) return
  await app.register(async (scope) => {
    await scope.register(fastifyCookie, { hook: false })
  })
}

/**
 * Refuses a second session plugin.
 * @throws FST_SESSIONS_CONFIG when this plugin or another session plugin is already registered
 */
export function refuseOtherSessions(app: FastifyInstance): void {
  if (app.hasDecorator('sessions')) throw new ConfigError('fastify-sessions is registered already: once is enough')
  if (app.hasRequestDecorator('session')) {
    throw new ConfigError('request.session is taken by another session plugin: an app can have one of them')
  }
}

/**
 * Whether the app has routes that were declared before the plugin was registered, so that its `onRoute` hook did not
 * see them.
 */
export function hasRoutes(app: FastifyInstance): boolean {
  return app.printRoutes() !== '(empty tree)'
}
