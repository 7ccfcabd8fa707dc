import { EventEmitter } from 'node:events'
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import type { Definition } from '../../types/options.js'
import type { BrowserSessions, FromHeaderOptions } from '../../types/register.js'
import type { RecordStore } from '../../types/store.js'
import type { Headers } from '../cookie/cookie.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import type { Registry } from '../definition/registry.js'
import { RouteSessions } from '../definition/route-sessions.js'
import { ConfigError, StoreError, UnsupportedError } from '../errors.js'
import { loadById } from '../load/load.js'
import type { Watches } from '../load/watches.js'
import { breakerOf } from '../records/circuit-breaker.js'
import type { ClearMarker } from '../records/clear-marker.js'
import { runJob } from '../records/rounds.js'
import { isStoreId } from '../records/ticket.js'
import type { HandlerSession } from '../request/handler-session.js'
import { RequestSessions } from '../request/request-sessions.js'
import type { Unsaved } from '../request/unsaved.js'
import type { Loaded } from '../session/origin.js'
import { otherOption } from '../util/objects.js'
import type { Preloader } from './preloader.js'

/** What this class needs from `AppSessions`. */
interface Host {
  readonly marker: ClearMarker
  readonly watches: Watches
  readonly preloader: Preloader
  readonly unsaved: Unsaved
}

interface Exchange {
  /** The `Cookie` header that the browser sent. */
  readonly cookie: string | undefined
  readonly protocol: 'https' | 'http'
  /** Whether no browser can get a cookie. */
  readonly headersSent: boolean
}

/**
 * Provides sessions without a Fastify request. They work as in a handler, with a request and a reply that are made up
 * for them.
 */
export class WithoutRequest {
  readonly #host: Host
  readonly #registry: Registry
  readonly #log: FastifyBaseLogger
  readonly #routes = new RouteSessions(false)

  constructor(host: Host, registry: Registry, log: FastifyBaseLogger) {
    this.#host = host
    this.#registry = registry
    this.#log = log
  }

  /** Rejects with FST_SESSIONS_CONFIG when the arguments are wrong. */
  async fromHeader(cookie: string | undefined, options: FromHeaderOptions): Promise<BrowserSessions> {
    const protocol = checkedProtocol(cookie, options)
    const lines = new CookieLines()
    const sessions = this.#sessions({ cookie, protocol, headersSent: false }, lines)
    await this.#host.preloader.preload(sessions.replyState.request, () => sessions)
    return {
      session: (nameOrDefinition) => sessions.session(this.#registry.find(nameOrDefinition)) as never,
      commit: async () => {
        await sessions.commit(sessions.used)
        return lines.take()
      },
      close: () => {
        sessions.replyState.reply.raw.emit('close')
      }
    }
  }

  /** Rejects with FST_SESSIONS_UNKNOWN, FST_SESSIONS_UNSUPPORTED, and FST_SESSIONS_STORE when the store failed. */
  async open(nameOrDefinition: string | Definition, id: string): Promise<HandlerSession | undefined> {
    const definition = this.#registry.find(nameOrDefinition)
    const { name, store } = definition
    if (store === undefined) throw new UnsupportedError(name, 'open() needs a record store: a cookie has no id')
    if (!isStoreId(id)) return undefined
    const loaded = await this.#load(definition, store, id)
    if (loaded === undefined) return undefined
    const sessions = this.#sessions({ cookie: undefined, protocol: 'https', headersSent: true }, new CookieLines())
    return sessions.adopt(definition, loaded).touch(false)
  }

  async #load(definition: ResolvedDefinition, store: RecordStore, id: string): Promise<Loaded | undefined> {
    const { marker } = this.#host
    try {
      if (marker.isDue()) await marker.ask(Date.now())
      const cutoffs = { now: Date.now(), clearedAt: marker.clearedAt }
      return await breakerOf(store).run(async () => runJob(store, loadById(definition, id, cutoffs)))
    } catch (cause) {
      throw Object.assign(new StoreError(definition.name, 'it could not be read'), { cause })
    }
  }

  #sessions({ cookie, protocol, headersSent }: Exchange, lines: CookieLines): RequestSessions {
    const headers = { cookie }
    const method = 'GET'
    const raw = { method, headers }
    // The parts of a request that sessions read. `server` is shared, because warnings are given once for each server.
    const request = { method, protocol, headers, raw, log: this.#log, routeOptions: { config: {} }, server: SERVER }
    const reply = replyWith(request as unknown as FastifyRequest, lines, headersSent)
    const { marker, unsaved, watches } = this.#host
    return new RequestSessions(reply.request, reply, marker, unsaved, watches, this.#routes)
  }
}

const SERVER = { server: {} }

function replyWith(request: FastifyRequest, lines: CookieLines, headersSent: boolean): FastifyReply {
  const raw = Object.assign(new EventEmitter(), {
    headersSent,
    writableFinished: false,
    destroyed: false,
    setHeader: () => {}
  })
  const header = lines.header.bind(lines)
  const getHeader = lines.getHeader.bind(lines)
  const removeHeader = lines.removeHeader.bind(lines)
  return { raw, request, log: request.log, sent: false, header, getHeader, removeHeader } as unknown as FastifyReply
}

/** The headers of such a reply. Only `Set-Cookie` is kept. */
class CookieLines implements Headers {
  #lines: readonly string[] = []

  getHeader(name: string): string[] | undefined {
    return name === 'set-cookie' ? [...this.#lines] : undefined
  }

  header(name: string, value: string | string[]): void {
    if (name === 'set-cookie') this.#lines = this.#lines.concat(value)
  }

  removeHeader(name: string): void {
    if (name === 'set-cookie') this.#lines = []
  }

  /** Returns the lines and forgets them, so that each is returned once. */
  take(): readonly string[] {
    const lines = this.#lines
    this.#lines = []
    return lines
  }
}

/** Checks the arguments of `fromHeader()`. @throws FST_SESSIONS_CONFIG */
function checkedProtocol(cookie: unknown, options: FromHeaderOptions): 'https' | 'http' {
  if (cookie !== undefined && typeof cookie !== 'string') {
    refuse(`expected the text of a Cookie header, or undefined where none came, got ${typeof cookie}`)
  }
  const other = otherOption(options, ['protocol'])
  if (other !== undefined) refuse(other)
  const { protocol = 'https' } = options
  return protocol === 'https' || protocol === 'http' ? protocol : refuse('protocol: expected "https" or "http"')
}

function refuse(reason: string): never {
  throw new ConfigError(`app.sessions.fromHeader(): ${reason}`)
}
