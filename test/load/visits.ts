import { fastifyCookie } from '@fastify/cookie'
import Fastify, { type FastifyBaseLogger, type FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ResolvedDefinition } from '../../lib/definition/definition.js'
import { Registry } from '../../lib/definition/registry.js'
import { AppEvents } from '../../lib/events/app-events.js'
import { memoryStore, type RecordStore } from '../../lib/index.js'
import { parseRecord, type SessionRecord } from '../../lib/records/record.js'
import { formatTicket, storeId, type Ticket } from '../../lib/records/ticket.js'
import { ready } from '../../lib/seal/aead.js'
import { KeyRing } from '../../lib/seal/keys.js'
import type { Origin } from '../../lib/session/origin.js'
import { KEY } from '../client.js'
import type { Records } from '../records/jobs.js'

const HOUR = 3_600_000

// Its serialiser works once it has been registered somewhere.
await Fastify().register(fastifyCookie)
await ready()

/** The sessions `kept` and `other` on a store, and `sealed` in the cookie, without an app. */
export function definitionsOn(store: RecordStore = memoryStore()) {
  const schema = z.object({ n: z.number().default(0) })
  const kept = { store: 'memory', schema, idle: 3600, absolute: 24 * 3600, maxBytes: 1000 }
  const sessions = { kept, other: kept, sealed: { schema, idle: 3600 } }
  const options = { keys: [KEY], stores: { memory: store }, sessions }
  const events = new AppEvents()
  events.begin(Object.create(null))
  const registry = new Registry(new KeyRing([KEY]), { cookie: { kind: 'cookie' } }, options as never, events)
  registry.freeze()
  return { kept: registry.find('kept'), other: registry.find('other'), sealed: registry.find('sealed') }
}

/** A log of which nobody reads the level `debug`. */
export function quietLog(lines: unknown[] = []): FastifyBaseLogger {
  const write =
    (level: string) =>
    (...line: unknown[]) =>
      void lines.push([level, ...line])
  return new Proxy(
    { isLevelEnabled: () => false },
    {
      get: (target, level) => Reflect.get(target, level) ?? write(String(level))
    }
  ) as unknown as FastifyBaseLogger
}

/** The ticket of a secret, with dates around `now`. */
export function ticketOf(secret: string, now = Date.now()): Ticket {
  return { secret, id: storeId(secret), createdAt: now - 1000, expires: now + HOUR }
}

/** The cookie of a session on a record store. */
export function cookieOf({ cookie, sealedTickets }: ResolvedDefinition, secret: string, now?: number): string {
  return `${cookie.name}=${sealedTickets.seal(formatTicket(ticketOf(secret, now)), undefined)}`
}

/** The record of a secret as the store has it. */
export function originOf(records: Records, secret: string): Origin {
  const id = storeId(secret)
  const stored = records.get(id)
  if (stored === undefined) throw new Error('there is no record')
  const record = parseRecord(stored.text) as SessionRecord
  const { expires, text, version } = stored
  return { text, record, expires, location: { id, version, ticket: ticketOf(secret) } }
}

/** A request as far as events tell of one, without a server. */
export function aRequest(): FastifyRequest {
  const [method, url] = ['GET', '/cart']
  const parts = { raw: { headers: {}, url, method }, id: 'r1', method, url, routeOptions: { url }, log: quietLog() }
  return parts as unknown as FastifyRequest
}
