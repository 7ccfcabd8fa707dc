import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Definition } from '../../types/options.js'
import type { Registry } from '../definition/registry.js'
import { NotLoadedError } from '../errors.js'
import { noSession } from './misuse.js'
import type { Requests } from './requests.js'

/**
 * Adds `session()` and `saveSessions()` to requests.
 * @param defaultName the name of the session that `request.session` itself is to be, for plugins that expect one there
 */
export async function decorateRequests(
  app: FastifyInstance,
  registry: Registry,
  requests: Requests,
  defaultName: string | undefined
): Promise<void> {
  const session = function (this: FastifyRequest, nameOrDefinition: string | Definition) {
    const definition = registry.find(nameOrDefinition)
    if (!this || !requests.hasEntered(this)) throw new NotLoadedError(definition.name, this ? TOO_EARLY : UNBOUND)
    return requests.of(this).session(definition)
  }
  if (defaultName === undefined) {
    const misuse = noSession(() => registry.names)
    // All requests share one function. It is frozen, because a property that somebody sets on it, as on other plugins'
    // sessions, would be visible to all users.
    Object.freeze(Object.setPrototypeOf(session, misuse))
    app.decorateRequest('session', session as unknown as FastifyRequest['session'])
  } else {
    const { decorateWithDefault } = await import('./session-proxy.js')
    decorateWithDefault(app, defaultName, session)
  }
  app.decorateRequest('saveSessions', function (this: FastifyRequest) {
    const sessions = requests.of(this)
    return sessions.saveStates(sessions.used)
  })
}

const TOO_EARLY =
  'is asked for before the plugin has seen the request: register fastify-sessions before the hook or plugin that does'
const UNBOUND =
  'is asked for without its request: write request.session(…), not a copy of the function (in Nest take @Req(), not @Session())'
