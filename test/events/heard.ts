import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { type SessionEvent, subscribeAll } from '../../lib/events/index.js'

/** What happens to the sessions of an app, until the test ends. */
export function heard(t: Test, app: FastifyInstance): { readonly events: SessionEvent[]; take(): SessionEvent[] } {
  const events: SessionEvent[] = []
  const stop = subscribeAll((event) => {
    if (event.sessions === app.sessions) events.push(event)
  })
  t.teardown(stop)
  return { events, take: () => events.splice(0) }
}

export interface Told {
  readonly event?: string
  readonly session?: string
  readonly id?: string
  readonly key?: string
  readonly version?: unknown
  readonly expires?: number
  readonly expiredAt?: number
  readonly url?: string
  readonly timed?: boolean
}

/** An event without what differs from run to run; durations are only there, or not. */
export function told({ sessions: _, at: __, ...event }: SessionEvent): Told {
  const { request, duration, ...rest } = event as {
    readonly request?: { readonly url: string }
    readonly duration?: number
  }
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
    ...(request && { url: request.url }),
    ...(duration !== undefined && { timed: duration >= 0 && duration < 600_000 })
  }
}

export const kinds = (events: readonly SessionEvent[]): string[] => events.map(({ event }) => event)
