import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SessionPage } from '../../types/register.js'
import type { RecordStore } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { CHANGES } from './changes.js'
import { endedPage } from './ended-page.js'
import type { Page } from './page.js'
import { asked, type Pages } from './pages.js'
import { linkTo, pathOfOne } from './place.js'
import { AT_A_TIME, type Listed, sessionPage, sessionsPage } from './sessions-page.js'
import { unseen } from './unseen.js'
import * as user from './user-page.js'
import type { Target } from './values.js'
import { type Lens, viewOfOther } from './view.js'
import { counted } from './words.js'

type Notice = Page['notice']

/** How many times a store is asked for one page: what it keeps besides sessions, such as lists of users, can come in a row. */
const MOST_TRIPS = 20

/** Answers about sessions that need not be this browser's. */
export class Others {
  readonly #pages: Pages
  readonly #lens: Lens

  constructor(pages: Pages, lens: Lens) {
    this.#pages = pages
    this.#lens = lens
  }

  async sessions(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const stores = this.#lens.registry.stores.namedRecordStores
    const name = asked(request, 'store') ?? this.#firstStore(stores)
    const store = stores.get(name ?? '')
    if (store === undefined && stores.size > 0) return this.#pages.notFound(reply)
    const listed = store && (await this.#list(name as string, store, asked(request, 'after')))
    const choices = { stores: [...stores.keys()], names: this.#onStores.map(({ name }) => name) }
    const body = sessionsPage(this.#pages.placeOf(request), choices, listed, Date.now())
    return this.#pages.show(reply, { title: 'Sessions', tab: 'sessions', body, notice: doneIn(request) })
  }

  /** One that sessions are in comes before those that are kept for something else. */
  #firstStore(stores: ReadonlyMap<string, RecordStore>): string | undefined {
    const used = new Set(this.#lens.registry.definitions.map(({ store }) => store))
    return [...stores].find(([, store]) => used.has(store))?.[0] ?? [...stores.keys()][0]
  }

  async #list(store: string, { list }: RecordStore, after: string | undefined): Promise<Listed> {
    if (list === undefined) return { store, after, page: undefined }
    let page: SessionPage = { sessions: [], next: after }
    for (let trip = 0; trip < MOST_TRIPS; trip++) {
      const { next } = page
      page = await unseen(() => this.#lens.sessions.list({ store, limit: AT_A_TIME, after: next }))
      if (page.sessions.length > 0 || page.next === undefined) break
    }
    return { store, after, page }
  }

  async session(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { name, id } = request.params as { readonly name: string; readonly id: string }
    return this.#show(reply, { session: name, id }, doneIn(request))
  }

  /** Whoever wants to see a session, of which the id alone is known. */
  find(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const session = asked(request, 'session') ?? ''
    const id = (asked(request, 'id') ?? '').trim()
    return id === '' ? this.#pages.goTo(reply, '/sessions') : this.#pages.goTo(reply, pathOfOne(session, id))
  }

  async #show(reply: FastifyReply, target: Target & { readonly id: string }, notice: Notice): Promise<FastifyReply> {
    const { session, id } = target
    const definition = this.#definitionOf(session)
    if (definition === undefined) return this.#pages.notFound(reply)
    const view = await viewOfOther(definition, id, this.#lens)
    const title = 'One session'
    if (view === undefined) {
      const gone = { text: 'There is no such session: it ended, or never was.', isFault: true }
      return this.#pages.show(reply, { title, tab: 'sessions', body: undefined, notice: notice ?? gone }, 404)
    }
    const body = sessionPage(this.#pages.placeOf(reply.request), view, target, Date.now())
    return this.#pages.show(reply, { title, tab: 'sessions', body, notice })
  }

  #definitionOf(name: string): ResolvedDefinition | undefined {
    return this.#onStores.find((each) => each.name === name)
  }

  get #onStores(): readonly ResolvedDefinition[] {
    return this.#lens.registry.definitions.filter(({ store }) => store !== undefined)
  }

  /** A form has changed one, or could not. */
  async changed(
    reply: FastifyReply,
    target: Target & { readonly id: string },
    name: string,
    fault: string | undefined
  ): Promise<FastifyReply> {
    const form = reply.request.body as URLSearchParams
    if (fault !== undefined) return this.#show(reply, target, { text: fault, isFault: true })
    if (name !== 'destroy') return this.#pages.goTo(reply, linkTo(pathOfOne(target.session, target.id), { done: name }))
    const store = form.get('store') ?? this.#definitionOf(target.session)?.events.store
    return this.#pages.goTo(reply, linkTo('/sessions', { store, after: form.get('after') ?? undefined, done: name }))
  }

  user(request: FastifyRequest, reply: FastifyReply, found?: user.Found, notice?: Notice): FastifyReply {
    const body = user.userPage(this.#pages.placeOf(request), found, this.#lens, Date.now())
    return this.#pages.show(reply, { title: 'A user', tab: 'user', body, notice }, 200)
  }

  async ofUser(request: FastifyRequest, reply: FastifyReply, notice?: Notice): Promise<FastifyReply> {
    const form = request.body as URLSearchParams
    const subject = form.get('subject') ?? ''
    const after = form.get('after') ?? undefined
    if (subject === '') return this.user(request, reply, undefined, { text: 'Whose sessions?', isFault: true })
    const sessions = await unseen(() => this.#lens.sessions.of(subject, { limit: user.AT_A_TIME, after }))
    return this.user(request, reply, { subject, sessions, isPart: after !== undefined }, notice)
  }

  async end(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const form = request.body as URLSearchParams
    const only = form.get('id')
    const count = await this.#lens.sessions.revoke(form.get('subject') ?? '', only === null ? undefined : { only })
    return this.ofUser(request, reply, { text: `${counted(count, 'session')} ended.`, isFault: false })
  }

  async ended(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const isKept = this.#lens.registry.events.isRecorded
    const about = request.body instanceof URLSearchParams ? (request.body.get('asked') ?? '').trim() : ''
    const why = isKept && about !== '' ? await unseen(() => this.#lens.sessions.why(about)) : undefined
    const body = endedPage(this.#pages.placeOf(request), { asked: about, isKept, why }, Date.now())
    return this.#pages.show(reply, { title: 'Why it ended', tab: 'ended', body })
  }
}

/** What was done before the browser was sent to this page. */
function doneIn(request: FastifyRequest): Notice {
  const text = CHANGES.get(asked(request, 'done') ?? '')?.done
  return text === undefined ? undefined : { text, isFault: false }
}
