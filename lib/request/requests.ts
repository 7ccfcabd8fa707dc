import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { RequestSessions } from './request-sessions.js'

type MakeSessions = (request: FastifyRequest, reply: FastifyReply) => RequestSessions

/** The requests of one registration of the plugin: a scope and the app around it may have one each. */
export class Requests {
  // What is kept of a request stands on the request itself, under keys that nobody else has.
  readonly #kSessions = Symbol('fastify-sessions')
  readonly #kReply = Symbol('fastify-sessions reply')
  readonly #make: MakeSessions

  /** @param make called when the sessions of a request are first needed: most requests may need none */
  constructor(app: FastifyInstance, make: MakeSessions) {
    this.#make = make
    app.decorateRequest(this.#kSessions, null)
    app.decorateRequest(this.#kReply, null)
  }

  /** The plugin's first hook has seen the request. */
  enter(request: FastifyRequest, reply: FastifyReply): void {
    slots(request)[this.#kReply] = reply
  }

  hasEntered(request: FastifyRequest): boolean {
    return Boolean(slots(request)[this.#kReply])
  }

  /** The sessions of a request, if anybody has needed them. */
  find(request: FastifyRequest): RequestSessions | undefined {
    return (slots(request)[this.#kSessions] ?? undefined) as RequestSessions | undefined
  }

  /** The sessions of a request that has entered. */
  readonly of = (request: FastifyRequest): RequestSessions => {
    const found = this.find(request)
    if (found !== undefined) return found
    const made = this.#make(request, slots(request)[this.#kReply] as FastifyReply)
    slots(request)[this.#kSessions] = made
    return made
  }
}

/** Scopes that are older than the plugin get its hooks and its methods, but no initial values. */
function slots(request: FastifyRequest): Record<symbol, unknown> {
  return request as unknown as Record<symbol, unknown>
}
