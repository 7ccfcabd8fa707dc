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

/*
 * Whether anybody listens at all is asked once for each load, each save and each session that is opened. Node tells nobody
 * when a channel gets its first subscriber, so each is asked; by its fixed name, since to find one by a name that varies
 * takes longer than to ask it.
 */

export function areOpeningsHeard(): boolean {
  return channels.opened.hasSubscribers
}

export function areLoadsHeard(): boolean {
  const { loaded, expired, refused, failed } = channels
  return (
    loaded.hasSubscribers ||
    expired.hasSubscribers ||
    refused.hasSubscribers ||
    failed.hasSubscribers ||
    load.hasSubscribers
  )
}

export function areSavesHeard(): boolean {
  const { created, saved, replayed, touched, renewed, regenerated } = channels
  const { identified, destroyed, carried, refused, failed } = channels
  return (
    created.hasSubscribers ||
    saved.hasSubscribers ||
    replayed.hasSubscribers ||
    touched.hasSubscribers ||
    renewed.hasSubscribers ||
    regenerated.hasSubscribers ||
    identified.hasSubscribers ||
    destroyed.hasSubscribers ||
    carried.hasSubscribers ||
    refused.hasSubscribers ||
    failed.hasSubscribers ||
    save.hasSubscribers
  )
}
