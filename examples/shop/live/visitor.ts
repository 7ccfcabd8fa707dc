import { PassThrough } from 'node:stream'
import type { SessionEvent } from 'fastify-sessions/events'
import { type LoggedRequest, type RequestLog, requestLog } from 'fastify-sessions/inspector/parts'

const REQUESTS = 12
const MOST_STREAMS = 4
/** How long news are gathered, in ms: a busy browser is told ten times a second, and no more. */
const GATHERED = 100

/** One browser: what its last requests did, and the pages that want to know. */
export class Visitor {
  readonly #log: RequestLog = requestLog(REQUESTS)
  readonly #streams = new Set<PassThrough>()
  /** The ids of its sessions, as it had them last. */
  #ids: ReadonlySet<string> = new Set()
  #timer: NodeJS.Timeout | undefined

  /** The newest first. */
  get requests(): readonly LoggedRequest[] {
    return this.#log.rows
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  owns(ids: readonly string[]): void {
    this.#ids = new Set(ids)
  }

  note(event: SessionEvent): void {
    this.#log.note(event)
    this.#timer ??= setTimeout(() => this.#tell(), GATHERED).unref()
  }

  /** Server-sent events, one for each time that something has happened; `undefined`: it has too many already. */
  listen(): PassThrough | undefined {
    if (this.#streams.size >= MOST_STREAMS) return undefined
    const stream = new PassThrough()
    this.#streams.add(stream)
    stream.once('close', () => this.#streams.delete(stream))
    stream.write('data: open\n\n')
    return stream
  }

  close(): void {
    clearTimeout(this.#timer)
    for (const stream of this.#streams) stream.end()
  }

  /** Who does not read what is sent is let go, and comes back by itself. */
  #tell(): void {
    this.#timer = undefined
    for (const stream of this.#streams) {
      if (!stream.writableEnded && !stream.write('data: news\n\n')) stream.destroy()
    }
  }
}
