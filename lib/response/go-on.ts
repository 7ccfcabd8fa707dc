import type { FastifyReply } from 'fastify'

/** Fastify's callback of a hook. Everything that follows the hook runs within this call. */
export type Done = (error?: Error, payload?: unknown) => void

/**
 * Calls `done` after a hook has waited for a promise. Whatever follows the hook runs within this call, and nobody else
 * catches what it throws: an uncaught error would end the process.
 */
export function goOn(reply: FastifyReply, done: Done, error?: Error, payload?: unknown): void {
  try {
    if (error === undefined) done(undefined, payload)
    else done(error)
  } catch (thrown) {
    answerError(reply, done, thrown as Error)
  }
}

/**
 * Answers with the error, as Fastify does for errors after an `async` hook. If that throws too, the response is ended
 * by hand, so that the client does not wait forever.
 */
function answerError(reply: FastifyReply, done: Done, error: Error): void {
  try {
    done(error)
  } catch (again) {
    reply.log.error({ err: again }, 'an error could not be answered')
    const { raw } = reply
    if (raw.headersSent) raw.destroy()
    else raw.writeHead(500, { 'content-length': '0' }).end()
  }
}
