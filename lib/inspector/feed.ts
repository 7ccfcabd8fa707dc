import { randomBytes } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import type { SessionEvent } from '../../types/events.js'
import type { Sessions } from '../../types/register.js'
import { subscribeAll } from '../events/index.js'
import { Figures } from './figures.js'
import { Requests, type Row, type Source } from './requests.js'
import { Stream } from './stream.js'
import { isUnseen } from './unseen.js'

/** How often what happened is sent, in ms: so a busy app sends ten messages a second, and not thousands. */
const INTERVAL = 100
/** Each open page has one; who opens more is told to close some. */
const MOST_STREAMS = 20
/** How many requests are remembered. */
const REMEMBERED = 200

/**
 * Listens to what happens to the sessions of one app, remembers the last of it, and sends it to the pages that are open.
 * Each change of a row has a number, so that a page goes on where it was: from when it was made, after its connection ended,
 * and when a slow reader has caught up. What waits to be sent is nowhere but in the rows themselves.
 */
export class Feed implements Source {
  readonly requests = new Requests(REMEMBERED)
  readonly figures = new Figures()
  readonly #sessions: Sessions
  readonly #streams = new Set<Stream>()
  /** Numbers count from anew in another process, as after each change of the code while it is written. */
  readonly #run = randomBytes(6).toString('hex')
  readonly #numbers = new WeakMap<Row, number>()
  #last = 0
  #timer: NodeJS.Timeout | undefined
  readonly #unsubscribe: () => void

  constructor(sessions: Sessions) {
    this.#sessions = sessions
    this.#unsubscribe = subscribeAll((event) => this.#note(event))
  }

  /** The place behind all that has happened. */
  get place(): string {
    return `${this.#run}-${this.#last}`
  }

  /** A row's name, other than those of all processes before. */
  nameOf({ id }: Row): string {
    return `${this.#run}-${id}`
  }

  rowsSince(place: string): readonly Row[] {
    const [run, number] = place.split('-')
    const from = run === this.#run ? Number(number) : 0
    return this.requests.rows.filter((row) => (this.#numbers.get(row) ?? 0) > from).reverse()
  }

  /**
   * Sends what happens from a place on.
   * @returns `false`: there are too many streams already
   */
  open(reply: FastifyReply, headers: Readonly<Record<string, string>>, place: string): boolean {
    if (this.#streams.size >= MOST_STREAMS) return false
    const stream = new Stream(reply, headers, this, place)
    this.#streams.add(stream)
    stream.start(() => this.#streams.delete(stream))
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
    this.#numbers.set(this.requests.note(event), ++this.#last)
    if (this.#streams.size > 0) this.#timer ??= setTimeout(() => this.#send(), INTERVAL).unref()
  }

  #send(): void {
    this.#timer = undefined
    for (const stream of this.#streams) stream.send()
  }
}
