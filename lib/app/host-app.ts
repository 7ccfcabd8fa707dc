import { fastifyCookie } from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import { ConfigError } from '../errors.js'

/**
 * @fastify/cookie can serialise only once it has been registered somewhere. In a scope of its own it decorates nothing of
 * the app's, which may register it before, afterwards, or not at all.
 */
export async function prepareSerializer(app: FastifyInstance): Promise<void> {
  if (app.hasDecorator('serializeCookie')) return
  await app.register(async (scope) => {
    await scope.register(fastifyCookie, { hook: false })
  })
}

/** @throws FST_SESSIONS_CONFIG when this plugin or another one for sessions is registered already */
export function refuseOtherSessions(app: FastifyInstance): void {
  if (app.hasDecorator('sessions')) throw new ConfigError('fastify-sessions is registered already: once is enough')
  if (app.hasRequestDecorator('session')) {
    throw new ConfigError('request.session is taken by another session plugin: an app can have one of them')
  }
}

/** Whether the app has routes that are older than the plugin, so that no `onRoute` hook told of them. */
export function hasRoutes(app: FastifyInstance): boolean {
  return app.printRoutes() !== '(empty tree)'
}
