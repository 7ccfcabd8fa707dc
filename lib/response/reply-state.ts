import type { FastifyReply, FastifyRequest } from 'fastify'

/** One reply, and how far it has come. */
export class ReplyState {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /**
   * `handled`: the reply is not given yet. `saving`: it waits for its sessions to be saved. `left`: it was passed on to
   * the hooks after this plugin's `onSend`.
   */
  stage: 'handled' | 'saving' | 'left' = 'handled'
  /** Whether the reply is being passed on at this moment. */
  isHandingOn = false
  /** Whether the headers are sent, so that later changes can't be saved with the reply. */
  isLate = false
  /** Whether the response has ended. */
  isOver = false
  /** The names of sessions that could not be saved. The response to that error must not try to save them again. */
  failed: readonly string[] | undefined
  #hasErred = false
  #isErrorDue = false
  /** The names of the cookies that this plugin has already set in the response. */
  written: readonly string[] = NONE

  constructor(request: FastifyRequest, reply: FastifyReply) {
    this.request = request
    this.reply = reply
  }

  /** Whether Fastify has reported an error, which may have come after a reply. */
  get hasErred(): boolean {
    return this.#hasErred
  }

  /** Whether the reply to that error has not come yet. */
  get isErrorDue(): boolean {
    return this.#isErrorDue
  }

  /** Whether the handler writes to `reply.raw` itself, so that Fastify runs no `onSend`. */
  get isHijacked(): boolean {
    return this.stage === 'handled' && this.reply.sent
  }

  /**
   * Whether the headers are sent. Those of a WebSocket's handshake count as sent, because Fastify does not answer it.
   */
  get areHeadersSent(): boolean {
    const { raw } = this.reply
    return raw.headersSent || (this.isHijacked && this.request.raw.headers.upgrade !== undefined)
  }

  /** The route's pattern, for the log; not the URL, which may contain secrets. */
  get route(): string {
    const { method, routeOptions } = this.request
    return `${method} ${routeOptions.url ?? '(a path of no route)'}`
  }

  noteError(): void {
    this.#hasErred = true
    this.#isErrorDue = true
  }

  /** Notes that the sessions are saved, and the reply goes on to the hooks after this plugin. */
  leave(): void {
    this.stage = 'left'
    this.#isErrorDue = false
  }

  /** Notes that sessions could not be saved, and that the reply to the error follows. */
  fail(names: readonly string[]): void {
    this.stage = 'handled'
    this.failed = [...(this.failed ?? []), ...names]
  }
}

const NONE: readonly string[] = []
