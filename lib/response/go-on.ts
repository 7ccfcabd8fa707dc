import type { FastifyReply } from 'fastify'

/** Fastify's, of a hook: all that is behind the hook runs within this call. */
export type Done = (error?: Error, payload?: unknown) => void

/**
 * Goes on from a hook that has waited for a promise. What is behind the hook runs within this call, and what that throws
 * nobody else would catch: an error that nobody catches ends the process.
 */
export function goOn(reply: FastifyReply, done: Done, error?: Error, payload?: unknown): void {
  try {
    if (error === undefined) done(undefined, payload)
    else done(error)
  } catch (thrown) {
    answerError(reply, done, thrown as Error)
  }
}

/** As Fastify does with what is thrown behind an `async` hook; and if that throws too, nobody is left waiting. */
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
