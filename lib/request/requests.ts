import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { RequestSessions } from './request-sessions.js'

type MakeSessions = (request: FastifyRequest, reply: FastifyReply) => RequestSessions

/** The requests of one registration of the plugin. A scope and its parent app may each have one. */
export class Requests {
  // State is stored on the request itself, under symbols that are private to this registration.
  readonly #kSessions = Symbol('fastify-sessions')
  readonly #kReply = Symbol('fastify-sessions reply')
  readonly #make: MakeSessions

  /** @param make called when a request first needs its sessions: many requests never do */
  constructor(app: FastifyInstance, make: MakeSessions) {
    this.#make = make
    app.decorateRequest(this.#kSessions, null)
    app.decorateRequest(this.#kReply, null)
  }

  /** Called by the plugin's first hook, `onRequest`. */
  enter(request: FastifyRequest, reply: FastifyReply): void {
    slots(request)[this.#kReply] = reply
  }

  hasEntered(request: FastifyRequest): boolean {
    return Boolean(slots(request)[this.#kReply])
  }

  /** Returns the sessions of a request if anything has needed them. */
  find(request: FastifyRequest): RequestSessions | undefined {
    return (slots(request)[this.#kSessions] ?? undefined) as RequestSessions | undefined
  }

  /** Returns the sessions of a request that has entered; creates them at the first call. */
  readonly of = (request: FastifyRequest): RequestSessions => {
    const found = this.find(request)
    if (found !== undefined) return found
    const made = this.#make(request, slots(request)[this.#kReply] as FastifyReply)
    slots(request)[this.#kSessions] = made
    return made
  }
}

/**
 * Scopes that were created before the plugin was registered get its hooks and methods, but not the initial values of
 * its decorators.
 */
function slots(request: FastifyRequest): Record<symbol, unknown> {
  return request as unknown as Record<symbol, unknown>
}
