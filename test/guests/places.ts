import Fastify, { type FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { z } from 'zod'
import sessions, { memoryStore } from '../../lib/index.js'
import { KEY } from '../client.js'

/** Where a guest is registered: before or after fastify-sessions, in the same scope or in one of its own. */
export const PLACES = ['before', 'after', 'in a scope before', 'in a scope after'] as const
export type Place = (typeof PLACES)[number]

/** Registers another plugin (the guest), and the routes that test it. */
export type Guest = (scope: FastifyInstance) => unknown

/** Makes an app with two sessions, one in the cookie and one in a store that returns promises, and with a guest. */
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

/** A store that returns promises, as stores with an engine do, so that requests have to wait. */
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
