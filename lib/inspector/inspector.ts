import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Registry } from '../definition/registry.js'
import {
  accessRefusal,
  FormToken,
  isFromElsewhere,
  isOfOwnPage,
  OTHER_FORM,
  OTHER_SITE,
  type Refusal
} from './access.js'
import { browserPage } from './browser-page.js'
import { CHANGES, change } from './changes.js'
import { cookiePage } from './cookie-page.js'
import { Feed } from './feed.js'
import type { Settings } from './options.js'
import { HEADERS, type Page, type Place, send } from './page.js'
import { requestsPage } from './requests-page.js'
import { storesPage } from './stores-page.js'
import { unseen } from './unseen.js'
import { AT_A_TIME, type Found, userPage } from './user-page.js'
import { failureOf, type Lens, viewsOf } from './view.js'
import { counted } from './words.js'

type Notice = Page['notice']

/** What the routes of one app's inspector answer. */
export class Inspector {
  readonly feed: Feed
  readonly #settings: Settings
  readonly #token = new FormToken()
  readonly #lens: Lens
  readonly #place: Place

  constructor(app: FastifyInstance, settings: Settings, registry: Registry) {
    this.feed = new Feed(app.sessions)
    this.#settings = settings
    this.#lens = { sessions: app.sessions, registry, redaction: settings.redaction }
    this.#place = { base: app.prefix + settings.path, token: this.#token.text }
  }

  get path(): string {
    return this.#settings.path
  }

  /** Before anything else of a request. */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    if (isFromElsewhere(request)) return refuse(request, reply, OTHER_SITE)
    const refusal = await accessRefusal(request, this.#settings)
    return refusal === undefined ? undefined : refuse(request, reply, refusal)
  }

  /** Before a form does anything. */
  async admitForm(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    if (!isOfOwnPage(request)) return refuse(request, reply, OTHER_SITE)
    const isOurs = request.body instanceof URLSearchParams && this.#token.isIn(request.body)
    return isOurs ? undefined : refuse(request, reply, OTHER_FORM)
  }

  async browser(request: FastifyRequest, reply: FastifyReply, notice?: Notice): Promise<FastifyReply> {
    const views = await viewsOf(request, this.#lens)
    const body = browserPage(this.#place, views, Date.now())
    const status = notice?.isFault ? 422 : 200
    return send(reply, this.#place, { title: 'This browser', tab: 'browser', body, notice }, status)
  }

  async change(request: FastifyRequest, reply: FastifyReply, name: string): Promise<FastifyReply> {
    const fault = await change(request, reply, CHANGES[name] as never, this.#lens)
    if (fault !== undefined) return this.browser(request, reply, { text: fault, isFault: true })
    // Reloading the page that follows does not do it again.
    return reply.headers(HEADERS).redirect(this.#place.base || '/', 303)
  }

  cookie(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { name } = request.params as { readonly name: string }
    const definition = this.#lens.registry.definitions.find((each) => each.name === name)
    if (definition === undefined) return this.notFound(reply)
    const body = cookiePage(this.#place, definition, request.raw.headers.cookie ?? '')
    return send(reply, this.#place, { title: `The cookie of ${name}`, tab: 'browser', body })
  }

  requests(reply: FastifyReply): FastifyReply {
    const body = requestsPage(this.#place, this.feed.requests.rows)
    return send(reply, this.#place, { title: 'Requests', tab: 'requests', body })
  }

  stream(reply: FastifyReply): FastifyReply {
    if (this.feed.open(reply, HEADERS)) return reply
    return reply.code(503).headers(HEADERS).send('Too many pages of the inspector are open.')
  }

  stores(reply: FastifyReply): FastifyReply {
    const body = storesPage(this.#lens.registry, this.feed.figures)
    return send(reply, this.#place, { title: 'Stores', tab: 'stores', body })
  }

  user(reply: FastifyReply, found?: Found, notice?: Notice): FastifyReply {
    const body = userPage(this.#place, found, this.#lens, Date.now())
    return send(reply, this.#place, { title: 'A user', tab: 'user', body, notice })
  }

  async list(request: FastifyRequest, reply: FastifyReply, notice?: Notice): Promise<FastifyReply> {
    const form = request.body as URLSearchParams
    const subject = form.get('subject') ?? ''
    const after = form.get('after') ?? undefined
    if (subject === '') return this.user(reply, undefined, { text: 'Whose sessions?', isFault: true })
    const sessions = await unseen(() => this.#lens.sessions.of(subject, { limit: AT_A_TIME, after }))
    return this.user(reply, { subject, sessions, isPart: after !== undefined }, notice)
  }

  async end(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const form = request.body as URLSearchParams
    const only = form.get('id')
    const count = await this.#lens.sessions.revoke(form.get('subject') ?? '', only === null ? undefined : { only })
    return this.list(request, reply, { text: `${counted(count, 'session')} ended.`, isFault: false })
  }

  notFound(reply: FastifyReply): FastifyReply {
    return send(reply, this.#place, { title: 'There is no such page', tab: undefined, body: undefined }, 404)
  }

  /** What went wrong is told where it is an error of this plugin's; its own page, and not the app's, so that no header is forgotten. */
  failed(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { statusCode = 500 } = Object(error) as { readonly statusCode?: number }
    if (statusCode >= 500) request.log.error({ err: error }, 'the inspector failed')
    const notice = { text: failureOf(error), isFault: true }
    return send(reply, this.#place, { title: 'That did not work', tab: undefined, body: undefined, notice }, statusCode)
  }
}

function refuse(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  request.log.info({ refusal }, 'the inspector refused a request')
  return reply.code(403).headers(HEADERS).type('text/plain; charset=utf-8').send(`${refusal}\n`)
}
