import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Row } from './requests.js'
import { shownRow } from './requests-page.js'

/** A comment now and then: proxies and browsers give up connections on which nothing comes. In ms. */
const HEARTBEAT = 15_000
/** After so long it ends, and the browser asks again by itself: who may no longer use the inspector is refused then. In ms. */
const LONGEST = 600_000

/** One page that is open, as server-sent events (HTML, section 9.2). */
export class Stream {
  readonly #response: ServerResponse
  readonly #heartbeat: NodeJS.Timeout
  readonly #timeout: NodeJS.Timeout
  /** Rows were left out, because the reader was slower than what happened. */
  #isBehind = false

  /** @param closed called when nobody reads it any more */
  constructor(reply: FastifyReply, headers: Readonly<Record<string, string>>, closed: () => void) {
    reply.hijack()
    this.#response = reply.raw
    this.#response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8' })
    this.#response.write('retry: 2000\n\n')
    this.#heartbeat = setInterval(() => this.#write(':\n\n'), HEARTBEAT).unref()
    this.#timeout = setTimeout(() => this.end(), LONGEST).unref()
    this.#response.once('close', () => {
      this.#stop()
      closed()
    })
  }

  /** What a slow reader has not taken yet is not added to: memory stays bounded, and it is told that it missed some. */
  send(rows: readonly Row[]): void {
    if (this.#response.writableNeedDrain) {
      this.#isBehind = true
      return
    }
    if (this.#isBehind) this.#write('event: behind\ndata:\n\n')
    this.#isBehind = false
    this.#write(rows.map((row) => `data: ${JSON.stringify(shownRow(row))}\n\n`).join(''))
  }

  end(): void {
    this.#stop()
    this.#response.end()
  }

  #write(text: string): void {
    if (!this.#response.writableNeedDrain) this.#response.write(text)
  }

  #stop(): void {
    clearInterval(this.#heartbeat)
    clearTimeout(this.#timeout)
  }
}
