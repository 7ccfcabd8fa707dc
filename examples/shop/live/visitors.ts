import type { FastifyRequest } from 'fastify'
import type { Sessions } from 'fastify-sessions'
import { type RevokedEvent, type SessionEvent, subscribeAll } from 'fastify-sessions/events'
import { Visitor } from './visitor.js'

/** Of how many browsers requests are remembered: those that were longest away are forgotten. */
const MOST = 200
/** Events that came before it was known whose request it is. */
const MOST_EARLY = 50

interface Begun {
  visitor: Visitor | undefined
  readonly early: SessionEvent[]
}

/**
 * What requests of browsers do that have the page "Behind the scenes" open, or had it. Whose request it is, the events tell
 * themselves: the session `scenes` is loaded with all the others, and its id names the browser.
 */
export class Visitors {
  readonly #sessions: Sessions
  readonly #hidden: string
  readonly #visitors = new Map<string, Visitor>()
  readonly #requests = new WeakMap<FastifyRequest, Begun>()
  readonly #unsubscribe: () => void

  /** @param hidden what the routes begin with that are not remembered: the page's own */
  constructor(sessions: Sessions, hidden: string) {
    this.#sessions = sessions
    this.#hidden = hidden
    this.#unsubscribe = subscribeAll((event) => this.#note(event))
  }

  /** The browser of this id, remembered from now on. */
  of(id: string): Visitor {
    const visitor = this.#visitors.get(id) ?? new Visitor()
    this.#visitors.delete(id)
    this.#visitors.set(id, visitor)
    this.#makeRoom()
    return visitor
  }

  /** The shop closes: streams have to end first. */
  close(): void {
    this.#unsubscribe()
    for (const visitor of this.#visitors.values()) visitor.close()
  }

  /** A page that loses its stream comes back by itself, and is remembered again. */
  #makeRoom(): void {
    for (const [id, visitor] of this.#visitors) {
      if (this.#visitors.size <= MOST) return
      this.#visitors.delete(id)
      visitor.close()
    }
  }

  #note(event: SessionEvent): void {
    if (this.#visitors.size === 0 || event.sessions !== this.#sessions || event.event === 'opened') return
    const request = 'request' in event ? event.request : undefined
    if (event.event === 'revoked') this.#noteRevoked(event)
    if (request === undefined) return
    if (!request.routeOptions.url?.startsWith(this.#hidden)) this.#noteOf(request, event)
  }

  #noteOf(request: FastifyRequest, event: SessionEvent): void {
    const begun = this.#requests.get(request) ?? { visitor: undefined, early: [] }
    this.#requests.set(request, begun)
    if (event.event === 'loaded' && event.session === 'scenes') {
      begun.visitor = this.#visitors.get(`${event.id}`)
      for (const each of begun.early.splice(0)) begun.visitor?.note(each)
    } else if (begun.visitor !== undefined) begun.visitor.note(event)
    else if (begun.early.length < MOST_EARLY) begun.early.push(event)
  }

  /** By another device, say; it belongs to no request, and to the browser whose session it was. */
  #noteRevoked(event: RevokedEvent): void {
    for (const visitor of this.#visitors.values()) if (visitor.has(`${event.id}`)) visitor.note(event)
  }
}
