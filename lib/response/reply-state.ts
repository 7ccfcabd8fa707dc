import type { FastifyReply, FastifyRequest } from 'fastify'

/** One reply, and how far it is. */
export class ReplyState {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** Not given yet, waiting for its sessions to be saved, or handed on to what is behind this plugin's `onSend`. */
  stage: 'handled' | 'saving' | 'left' = 'handled'
  /** It is being handed on right now. */
  isHandingOn = false
  /** What is changed from now on is not saved with the reply: its headers are sent. */
  isLate = false
  /** The response has ended. */
  isOver = false
  /** The sessions that could not be saved: the response to that error must not try to save them again. */
  failed: readonly string[] | undefined
  #hasErred = false
  #isErrorDue = false
  /** The names of the cookies that this response sets already. */
  written: readonly string[] = NONE

  constructor(request: FastifyRequest, reply: FastifyReply) {
    this.request = request
    this.reply = reply
  }

  /** Fastify has told of an error, which may have come after a reply. */
  get hasErred(): boolean {
    return this.#hasErred
  }

  /** The reply to that error is still to come. */
  get isErrorDue(): boolean {
    return this.#isErrorDue
  }

  /** The handler writes to `reply.raw` itself, so that Fastify runs no `onSend`. */
  get isHijacked(): boolean {
    return this.stage === 'handled' && this.reply.sent
  }

  /** A WebSocket's handshake is answered without Fastify, so its headers count as sent. */
  get areHeadersSent(): boolean {
    const { raw } = this.reply
    return raw.headersSent || (this.isHijacked && this.request.raw.headers.upgrade !== undefined)
  }

  /** The route as the app names it, for the log: a URL may hold what does not belong there. */
  get route(): string {
    const { method, routeOptions } = this.request
    return `${method} ${routeOptions.url ?? '(a path of no route)'}`
  }

  noteError(): void {
    this.#hasErred = true
    this.#isErrorDue = true
  }

  /** The sessions are saved, and the reply goes on to what is behind this plugin. */
  leave(): void {
    this.stage = 'left'
    this.#isErrorDue = false
  }

  /** The sessions could not be saved: the reply to the error that says so is to come. */
  fail(names: readonly string[]): void {
    this.stage = 'handled'
    this.failed = [...(this.failed ?? []), ...names]
  }
}

const NONE: readonly string[] = []
