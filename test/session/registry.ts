import { fastifyCookie } from '@fastify/cookie'
import Fastify, { type FastifyBaseLogger } from 'fastify'
import { z } from 'zod'
import { Registry } from '../../lib/definition/registry.js'
import { AppEvents } from '../../lib/events/app-events.js'
import { memoryStore } from '../../lib/index.js'
import { KeyRing } from '../../lib/seal/keys.js'
import type { Definition } from '../../types/options.js'
import { KEY } from '../client.js'

/** A log that keeps nothing. */
export const log = new Proxy({}, { get: () => () => {} }) as FastifyBaseLogger

// Its serialiser works once it has been registered somewhere.
await Fastify().register(fastifyCookie)

/** The definition of a session "kept" on a record store, as an app resolves it. */
export function registryOf(more: Partial<Definition>): Registry {
  const schema = z.object({ n: z.number().default(0), list: z.array(z.string()).default([]) })
  const registry = new Registry(
    new KeyRing([KEY]),
    {},
    {
      keys: [KEY],
      stores: { memory: memoryStore() },
      sessions: { kept: { schema, store: 'memory', maxBytes: 300, idle: 3600, absolute: 24 * 3600, ...more } }
    },
    new AppEvents()
  )
  registry.freeze()
  return registry
}
