import { fastifyCookie } from '@fastify/cookie'
import Fastify, { type FastifyBaseLogger } from 'fastify'
import { z } from 'zod'
import { Registry } from '../../lib/definition/registry.js'
import { AppEvents } from '../../lib/events/app-events.js'
import { memoryStore } from '../../lib/index.js'
import { formatRecord, type SessionRecord } from '../../lib/records/record.js'
import { newSecret, storeId } from '../../lib/records/ticket.js'
import { HandlerSession, type Host } from '../../lib/request/handler-session.js'
import { KeyRing } from '../../lib/seal/keys.js'
import type { Loaded } from '../../lib/session/origin.js'
import { SessionState } from '../../lib/session/state.js'
import { KEY } from '../client.js'

const HOUR = 3_600_000

// Its serialiser works once it has been registered somewhere.
await Fastify().register(fastifyCookie)

const schema = z.object({ user: z.string().optional(), items: z.array(z.string()).default([]) })
const flash = { notice: z.string(), error: z.string() }
/** What was stored once and is read as nothing. */
const dropped = z.codec(z.string(), z.string().optional(), { decode: () => undefined, encode: (text) => text ?? '' })
const registry = new Registry(
  new KeyRing([KEY]),
  { cookie: { kind: 'cookie' } },
  {
    keys: [KEY],
    stores: { memory: memoryStore() },
    sessions: {
      kept: { store: 'memory', schema, flash, idle: 3600, absolute: 24 * 3600, cookie: { maxAge: 1800 } },
      loose: { store: 'memory', schema: z.record(z.string(), z.string()), idle: 1000.5 },
      strict: { store: 'memory', schema: z.object({ name: z.string(), old: dropped.optional() }) },
      sealed: { schema, flash }
    }
  } as never,
  new AppEvents()
)
registry.freeze()

export const log = new Proxy({}, { get: () => () => {} }) as FastifyBaseLogger

/** Under which id a session is stored, if it is. */
export function storedAs(record: Partial<SessionRecord>): Loaded {
  const secret = newSecret()
  const id = storeId(secret)
  const whole = { c: Date.now() - 1000, ...record }
  const ticket = { secret, id, createdAt: whole.c, expires: 0 }
  const location = { id, version: 1, ticket }
  return { origin: { text: formatRecord(whole), record: whole, expires: Date.now() + HOUR, location } }
}

/** A session as a handler has it, without a request; `calls` are those that reach the request. */
export function handled(name = 'kept', loaded: Loaded | 'by hand' = {}, more: Partial<Host> = {}) {
  const definition = registry.find(name)
  const calls: string[] = []
  const begins = { at: Date.now(), isUse: true, clearedAt: 0 }
  const stateOf = (from: Loaded) => new SessionState(definition, log, from, begins)
  const host: Host = {
    load: async () => stateOf({}),
    save: async () => void calls.push('save'),
    use: () => void calls.push('use'),
    follow: () => void calls.push('follow'),
    reload: async (state) => {
      calls.push('reload')
      return state
    },
    end: (state) => {
      state.destroy(begins.at)
      return state
    },
    now: () => Date.now(),
    watch: () => new AbortController().signal,
    isUnseen: () => false,
    ...more
  }
  const state = loaded === 'by hand' ? undefined : stateOf(loaded)
  const session = new HandlerSession(definition, host, state)
  return { session, definition, calls, take: () => calls.splice(0) }
}
