import { AsyncLocalStorage } from 'node:async_hooks'
import type { FastifyRequest } from 'fastify'
import type { SessionEvent } from '../../types/events.js'

const looking = new AsyncLocalStorage<true>()

/** Marks the inspector's own routes in their `config`. */
export const OWN: unique symbol = Symbol('inspector')

/** What the inspector only looks at is no news: its own reading would bury what the app does. */
export function unseen<T>(look: () => T): T {
  return looking.run(true, look)
}

export function isUnseen(event: SessionEvent): boolean {
  const request = 'request' in event ? event.request : undefined
  return isOwn(request) || (request === undefined && looking.getStore() === true)
}

function isOwn(request: FastifyRequest | undefined): boolean {
  return request !== undefined && OWN in request.routeOptions.config
}
