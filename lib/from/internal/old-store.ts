import type { OldData } from '../../../types/from.js'
import { ConfigError } from '../../errors.js'
import { called } from '../../util/callbacks.js'
import { inTime } from '../../util/in-time.js'
import { isObject } from '../../util/objects.js'
import type { OldSession } from './peer.js'

type Callback = (error?: unknown, session?: unknown) => void

/** The methods of a store for express-session or @fastify/session that are used. */
export interface OldStore {
  get(id: string, callback: Callback): unknown
  destroy(id: string, callback: Callback): unknown
}

/**
 * Reads sessions whose cookie holds a signed id and whose data is in a store.
 * @throws FST_SESSIONS_CONFIG when the store lacks a method
 */
export function sessionsIn(peer: string, store: OldStore | undefined): (id: string) => OldSession {
  for (const method of ['get', 'destroy'] as const) {
    if (typeof store?.[method] === 'function') continue
    throw new ConfigError(`from ${peer}: store: expected the store that ${peer} was given, which has no ${method}()`)
  }
  const old = store as OldStore
  const ask = (call: (done: Callback) => unknown) => inTime(() => called(call), TIMEOUT, peer)
  return (id) => ({
    identity: id,
    value: id,
    read: async (now) => heldBy(await ask((done) => old.get(id, done)), now),
    end: async () => void (await ask((done) => old.destroy(id, done)))
  })
}

/** How long the old store may take to answer, in ms. */
const TIMEOUT = 5000

/** Returns the data of a stored session. It checks the end, because some stores return expired sessions. */
function heldBy(
  session: unknown,
  now: number
): { readonly data: OldData; readonly ends: number | undefined } | undefined {
  if (!isObject(session)) return undefined
  const { cookie, ...data } = session
  const ends = endOf(cookie)
  return ends !== undefined && ends <= now ? undefined : { data, ends }
}

/** Reads the end of a session, which is a `Date` in memory and a text in other stores. */
function endOf(cookie: unknown): number | undefined {
  const { originalExpires, expires } = (isObject(cookie) ? cookie : {}) as Record<string, string | number | Date>
  const end = originalExpires ?? expires
  const ms = end === undefined || end === null ? Number.NaN : new Date(end).getTime()
  return Number.isNaN(ms) ? undefined : ms
}
