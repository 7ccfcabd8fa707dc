import Fastify, { type FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { z } from 'zod'
import sessions, { memoryStore } from '../../lib/index.js'
import { KEY } from '../client.js'

/** Where a guest stands: before or after fastify-sessions, beside it or in a scope of its own. */
export const PLACES = ['before', 'after', 'in a scope before', 'in a scope after'] as const
export type Place = (typeof PLACES)[number]

/** Registers a plugin of somebody else's, and the routes by which it is tried. */
export type Guest = (scope: FastifyInstance) => unknown

/** An app with two sessions, one in the cookie and one on a store that gives promises, and a guest. */
export async function appWith(t: Test, guest: Guest, place: Place): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  if (place === 'before') await guest(app)
  if (place === 'in a scope before') await app.register(async (scope) => void (await guest(scope)))
  await app.register(sessions, {
    keys: [KEY],
    stores: { slow: slowStore() },
    sessions: { visits: { schema, store: 'slow' }, prefs: { schema } }
  })
  if (place === 'after') await guest(app)
  if (place === 'in a scope after') await app.register(async (scope) => void (await guest(scope)))
  app.get('/own', async () => 'own')
  app.get('/own/visits', async (request) => String(request.session('visits').update('n', add)))
  await app.ready()
  return app
}

const schema = z.object({ n: z.number().default(0) })
export const add = (n: unknown): number => (n as number) + 1

/** Answers by promise, as the engines do: the request has to wait for it. */
function slowStore() {
  const engine = memoryStore()
  return new Proxy(engine, {
    get(_, name: keyof typeof engine) {
      const member = engine[name]
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        await new Promise((resolve) => setImmediate(resolve))
        return (member as (...args: unknown[]) => unknown).apply(engine, args)
      }
    }
  })
}
