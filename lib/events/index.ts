import type { SessionEvent, SessionEvents, StoreTrip } from '../../types/events.js'
import { channels, load, save } from './channels.js'

export type * from '../../types/events.js'

/** A channel of `node:diagnostics_channel` with the type of what is told on it. */
export interface EventChannel<Event> {
  readonly name: string
  readonly hasSubscribers: boolean
  /** `listener` is called at once, while the request waits: what takes long is not to be done there. */
  subscribe(listener: (event: Event) => void): void
  /** Whether it was subscribed. */
  unsubscribe(listener: (event: Event) => void): boolean
}

/** Of a tracing channel. Node calls them in this order; the last two only where the store did not answer at once. */
export interface TripListeners {
  start?(trip: StoreTrip): void
  end?(trip: StoreTrip): void
  asyncStart?(trip: StoreTrip): void
  asyncEnd?(trip: StoreTrip): void
  error?(trip: StoreTrip): void
}

/** A tracing channel with the type of what is told on it. */
export interface TripChannel {
  readonly hasSubscribers: boolean
  subscribe(listeners: TripListeners): void
  /** Whether all were subscribed. */
  unsubscribe(listeners: TripListeners): boolean
}

/**
 * The channels by what happened: `fastify-sessions.saved` is `events.saved`.
 *
 * @example
 * events.refused.subscribe(({ session, problem }) => metrics.increment(`refused.${session}.${problem}`))
 */
export const events = channels as unknown as {
  readonly [Kind in keyof SessionEvents]: EventChannel<SessionEvents[Kind]>
}

/** The trips to stores that read sessions: the tracing channel `fastify-sessions.load`. */
export const loads = load as unknown as TripChannel

/** The trips to stores that save sessions: the tracing channel `fastify-sessions.save`. */
export const saves = save as unknown as TripChannel

/**
 * Calls `listener` with every event, of all apps in the process.
 * @returns what ends that
 *
 * @example
 * const stop = subscribeAll((event) => {
 *   if (event.sessions === app.sessions) feed.send(event.event)
 * })
 */
export function subscribeAll(listener: (event: SessionEvent) => void): () => void {
  const listen = (event: unknown) => listener(event as SessionEvent)
  const all = Object.values(channels)
  for (const each of all) each.subscribe(listen)
  return () => {
    for (const each of all) each.unsubscribe(listen)
  }
}
