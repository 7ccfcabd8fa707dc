import type { FastifyReply } from 'fastify'
import type { SessionEvent } from '../../types/events.js'
import type { Sessions } from '../../types/register.js'
import { subscribeAll } from '../events/index.js'
import { Figures } from './figures.js'
import { Requests, type Row } from './requests.js'
import { Stream } from './stream.js'
import { isUnseen } from './unseen.js'

/** How often what happened is sent, in ms: so a busy app sends ten messages a second, and not thousands. */
const INTERVAL = 100
/** Each open page has one; who opens more is told to close some. */
const MOST_STREAMS = 20
/** How many requests are remembered. */
const REMEMBERED = 200

/** Listens to what happens to the sessions of one app, remembers the last of it, and sends it to the pages that are open. */
export class Feed {
  readonly requests = new Requests(REMEMBERED)
  readonly figures = new Figures()
  readonly #sessions: Sessions
  readonly #streams = new Set<Stream>()
  #changed = new Map<number, Row>()
  #timer: NodeJS.Timeout | undefined
  readonly #unsubscribe: () => void

  constructor(sessions: Sessions) {
    this.#sessions = sessions
    this.#unsubscribe = subscribeAll((event) => this.#note(event))
  }

  /** Sends what happens from now on; `false`: there are too many streams already. */
  open(reply: FastifyReply, headers: Readonly<Record<string, string>>): boolean {
    if (this.#streams.size >= MOST_STREAMS) return false
    const stream = new Stream(reply, headers, () => this.#streams.delete(stream))
    this.#streams.add(stream)
    return true
  }

  /** The app closes. It waits for its connections, so that streams have to end first. */
  close(): void {
    this.#unsubscribe()
    clearTimeout(this.#timer)
    for (const stream of this.#streams) stream.end()
  }

  #note(event: SessionEvent): void {
    if (event.sessions !== this.#sessions || isUnseen(event)) return
    this.figures.note(event)
    const row = this.requests.note(event)
    if (this.#streams.size === 0) return
    this.#changed.set(row.id, row)
    this.#timer ??= setTimeout(() => this.#send(), INTERVAL).unref()
  }

  #send(): void {
    this.#timer = undefined
    const rows = [...this.#changed.values()]
    this.#changed = new Map()
    for (const stream of this.#streams) stream.send(rows)
  }
}
