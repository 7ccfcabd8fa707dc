import type { FastifyInstance } from 'fastify'
import type { InspectorOptions } from '../../types/inspector.js'
import { registryOf } from '../definition/registries.js'
import { ConfigError } from '../errors.js'
import { Inspector } from './inspector.js'
import { settingsOf } from './options.js'
import { addRoutes } from './routes.js'

export type { InspectorOptions } from '../../types/inspector.js'

/**
 * The inspector for development: `await app.register(sessionsInspector)`, after the sessions themselves.
 * @throws FST_SESSIONS_CONFIG when an option is wrong, where `NODE_ENV` is `production` and nobody says who may use it, and
 * where the sessions are not registered yet
 *
 * @example
 * if (process.env.NODE_ENV !== 'production') {
 *   const { sessionsInspector } = await import('fastify-sessions/inspector')
 *   await app.register(sessionsInspector, { redact: ['token', /secret/] })
 * }
 */
export async function sessionsInspector(app: FastifyInstance, options: InspectorOptions): Promise<void> {
  const settings = settingsOf(options)
  const registry = app.hasDecorator('sessions') ? registryOf(app.sessions) : undefined
  if (registry === undefined) {
    throw new ConfigError('sessionsInspector: there are no sessions: await app.register(sessions, options) before it')
  }
  const inspector = new Inspector(app, settings, registry)
  addRoutes(app, inspector)
  app.addHook('preClose', async () => inspector.feed.close())
}

export default sessionsInspector
