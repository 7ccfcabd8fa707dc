import type { FastifyReply, FastifyRequest } from 'fastify'
import { FormToken } from './access.js'
import { HEADERS, type Page, send } from './page.js'
import { baseFrom, type Place } from './place.js'

/** Answers with pages of one inspector. */
export class Pages {
  readonly token = new FormToken()
  readonly #root: string

  /** @param root the path of the first page, as the app has it */
  constructor(root: string) {
    this.#root = root
  }

  placeOf(request: FastifyRequest): Place {
    return { base: baseFrom(request, this.#root), token: this.token.text }
  }

  show(reply: FastifyReply, page: Page, status?: number): FastifyReply {
    const isFault = page.notice?.isFault === true
    return send(reply, this.placeOf(reply.request), page, status ?? (isFault ? 422 : 200))
  }

  /** After a change: reloading the page that follows does not do it again. */
  goTo(reply: FastifyReply, path: string): FastifyReply {
    return reply.headers(HEADERS).redirect(this.placeOf(reply.request).base + path, 303)
  }

  notFound(reply: FastifyReply): FastifyReply {
    return this.show(reply, { title: 'There is no such page', tab: undefined, body: undefined }, 404)
  }
}

/** One field of a query: of several of that name, none. */
export function asked(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
