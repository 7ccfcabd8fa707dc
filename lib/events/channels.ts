import { channel, tracingChannel } from 'node:diagnostics_channel'
import type { SessionEvents } from '../../types/events.js'

/** Held here for as long as the process runs: Node forgets a channel that nobody holds, with those who subscribed to it. */
const named = (event: keyof SessionEvents) => channel(`fastify-sessions.${event}`)

/** By what happened. */
export const channels = {
  opened: named('opened'),
  loaded: named('loaded'),
  created: named('created'),
  saved: named('saved'),
  replayed: named('replayed'),
  touched: named('touched'),
  renewed: named('renewed'),
  regenerated: named('regenerated'),
  identified: named('identified'),
  destroyed: named('destroyed'),
  revoked: named('revoked'),
  cleared: named('cleared'),
  expired: named('expired'),
  refused: named('refused'),
  carried: named('carried'),
  evicted: named('evicted'),
  swept: named('swept'),
  failed: named('failed')
} as const satisfies Record<keyof SessionEvents, unknown>

export const load = tracingChannel('fastify-sessions.load')
export const save = tracingChannel('fastify-sessions.save')
