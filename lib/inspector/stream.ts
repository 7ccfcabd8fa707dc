import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Source } from './requests.js'
import { shownRow } from './requests-page.js'

/** A comment now and then: proxies and browsers give up connections on which nothing comes. In ms. */
const HEARTBEAT = 15_000
/** After so long it ends, and the browser asks again by itself: who may no longer use the inspector is refused then. In ms. */
const LONGEST = 600_000
/** How long a reader may take for the rest, once it ends. In ms. */
const PATIENCE = 1000

/** One page that is open, as server-sent events (HTML, section 9.2). */
export class Stream {
  readonly #response: ServerResponse
  readonly #source: Source
  readonly #heartbeat: NodeJS.Timeout
  readonly #timeout: NodeJS.Timeout
  /** What was sent last. */
  #place: string
  /** The reader has not taken all yet. Known by what `write` says: responses of HTTP/2 have no `writableNeedDrain`. */
  #isFull = false

  constructor(reply: FastifyReply, headers: Readonly<Record<string, string>>, source: Source, place: string) {
    reply.hijack()
    this.#response = reply.raw
    this.#source = source
    this.#place = place
    // Proxies that gather answers before they send them would send none of this one: nginx is told by a header of its own.
    const own = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' }
    this.#response.writeHead(200, { ...headers, ...own })
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT).unref()
    this.#timeout = setTimeout(() => this.end(), LONGEST).unref()
  }

  /** @param closed called when nobody reads it any more */
  start(closed: () => void): void {
    const stop = () => {
      this.#stop()
      closed()
    }
    // Whoever has gone while it was asked whether they may read it gives no sign of it any more.
    if (this.#response.destroyed) {
      stop()
      return
    }
    this.#response.once('close', stop)
    this.#response.on('drain', () => {
      this.#isFull = false
      this.send()
    })
    this.#write('retry: 2000\n\n')
    this.send()
  }

  /** What a slow reader has not taken yet is not added to: it is sent what is new by then, and memory stays bounded. */
  send(): void {
    if (this.#isFull) return
    const rows = this.#source.rowsSince(this.#place)
    this.#place = this.#source.place
    if (rows.length === 0) return
    const shown = rows.map((row) => `data: ${JSON.stringify(shownRow(row, this.#source.nameOf(row)))}\n\n`)
    this.#write(`${shown.join('').slice(0, -1)}id: ${this.#place}\n\n`)
  }

  /** Whoever takes nothing of what is on its way does not keep the app from closing. */
  end(): void {
    this.#stop()
    this.#response.end()
    const cut = setTimeout(() => this.#response.destroy(), PATIENCE).unref()
    this.#response.once('close', () => clearTimeout(cut))
  }

  #beat(): void {
    if (!this.#isFull) this.#write(':\n\n')
  }

  #write(text: string): void {
    this.#isFull = !this.#response.write(text)
  }

  #stop(): void {
    clearInterval(this.#heartbeat)
    clearTimeout(this.#timeout)
  }
}
