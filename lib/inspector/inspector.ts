import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Registry } from '../definition/registry.js'
import { accessRefusal, isFromElsewhere, isOfOwnPage, OTHER_FORM, OTHER_SITE, type Refusal } from './access.js'
import { browserPage, type Done } from './browser-page.js'
import { CHANGES, changeOther, changeOwn } from './changes.js'
import { cookiePage } from './cookie-page.js'
import { Feed } from './feed.js'
import type { Settings } from './options.js'
import { Others } from './others.js'
import { HEADERS, type Page } from './page.js'
import { asked, Pages } from './pages.js'
import { linkTo } from './place.js'
import { requestsPage } from './requests-page.js'
import { storesPage } from './stores-page.js'
import type { Target } from './values.js'
import { failureOf, type Lens, viewsOf } from './view.js'

/** What the routes of one app's inspector answer. */
export class Inspector {
  readonly feed: Feed
  readonly others: Others
  readonly #settings: Settings
  readonly #lens: Lens
  readonly #pages: Pages

  constructor(app: FastifyInstance, settings: Settings, registry: Registry) {
    this.feed = new Feed(app.sessions)
    this.#settings = settings
    this.#lens = { sessions: app.sessions, registry, redaction: settings.redaction }
    this.#pages = new Pages(app.prefix + settings.path)
    this.others = new Others(this.#pages, this.#lens)
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
    const isOurs = request.body instanceof URLSearchParams && this.#pages.token.isIn(request.body)
    return isOurs ? undefined : refuse(request, reply, OTHER_FORM)
  }

  async browser(request: FastifyRequest, reply: FastifyReply, notice?: Page['notice']): Promise<FastifyReply> {
    const views = await viewsOf(request, this.#lens)
    const body = browserPage(this.#pages.placeOf(request), views, Date.now(), doneIn(request))
    return this.#pages.show(reply, { title: 'This browser', tab: 'browser', body, notice })
  }

  /** A form that names an id is about anybody's session, and else it is about this browser's. */
  async change(request: FastifyRequest, reply: FastifyReply, name: string): Promise<FastifyReply> {
    const { session, id } = targetOf(request.body as URLSearchParams)
    if (id === undefined) return this.#changeOwn(request, reply, name, session)
    const fault = await changeOther(request, { session, id }, name, this.#lens)
    return this.others.changed(reply, { session, id }, name, fault)
  }

  async #changeOwn(request: FastifyRequest, reply: FastifyReply, name: string, session: string): Promise<FastifyReply> {
    const fault = await changeOwn(request, reply, name, this.#lens)
    if (fault !== undefined) return this.browser(request, reply, { text: fault, isFault: true })
    return this.#pages.goTo(reply, `${linkTo('', { done: name, session })}#session-${encodeURIComponent(session)}`)
  }

  cookie(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { name } = request.params as { readonly name: string }
    const definition = this.#lens.registry.definitions.find((each) => each.name === name)
    if (definition === undefined) return this.#pages.notFound(reply)
    const body = cookiePage(this.#pages.placeOf(request), definition, request.raw.headers.cookie ?? '')
    return this.#pages.show(reply, { title: `The cookie of ${name}`, tab: 'browser', body })
  }

  requests(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const body = requestsPage(this.#pages.placeOf(request), this.feed.requests.rows, this.feed)
    return this.#pages.show(reply, { title: 'Requests', tab: 'requests', body })
  }

  stream(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    // What a browser that connects again had last comes in a header, and is later than what the page had.
    const last = request.headers['last-event-id'] || asked(request, 'after')
    if (this.feed.open(reply, HEADERS, String(last ?? ''))) return reply
    return reply.code(503).headers(HEADERS).send('Too many pages of the inspector are open.')
  }

  stores(reply: FastifyReply): FastifyReply {
    const body = storesPage(this.#lens.registry, this.feed.figures)
    return this.#pages.show(reply, { title: 'Stores', tab: 'stores', body })
  }

  /** What went wrong is told where it is an error of this plugin's; its own page, and not the app's, so that no header is forgotten. */
  failed(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { statusCode = 500 } = Object(error) as { readonly statusCode?: number }
    if (statusCode >= 500) request.log.error({ err: error }, 'the inspector failed')
    const notice = { text: failureOf(error), isFault: true }
    return this.#pages.show(reply, { title: 'That did not work', tab: undefined, body: undefined, notice }, statusCode)
  }
}

/** Of a list, which is one form, the button tells which session is meant. Names of sessions have no slash in them. */
function targetOf(form: URLSearchParams): Target {
  const [session = '', id] = form.get('which')?.split('/') ?? [form.get('session') ?? '', form.get('id') ?? undefined]
  return { session, id }
}

/** What was done before the browser was sent to this page. */
function doneIn(request: FastifyRequest): Done | undefined {
  const text = CHANGES.get(asked(request, 'done') ?? '')?.done
  return text === undefined ? undefined : { session: asked(request, 'session') ?? '', text }
}

function refuse(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  request.log.info({ refusal }, 'the inspector refused a request')
  return reply.code(403).headers(HEADERS).type('text/plain; charset=utf-8').send(`${refusal}\n`)
}
