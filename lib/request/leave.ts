import type { FastifyReply } from 'fastify'
import { SaveError } from '../errors.js'
import { type Done, goOn } from '../response/go-on.js'
import { keepResponseFromSharedCaches } from '../response/shared-cache.js'
import { statusOf, varyByCookie } from '../response/vary.js'
import type { SessionState } from '../session/state.js'
import type { RequestSessions } from './request-sessions.js'

/** `onSend` of a request that asked for a session: saves what it changed, then lets the reply go. */
export function leave(sessions: RequestSessions, payload: unknown, done: Done): void {
  if (isSecondReply(sessions, payload)) refuse(sessions, payload)
  else save(sessions, payload, done)
}

function save(sessions: RequestSessions, payload: unknown, done: Done): void {
  const { reply } = sessions.replyState
  const leaving = varyByCookie(reply, payload)
  tellAssigned(sessions)
  sessions.replyState.stage = 'saving'
  let saving: Promise<void> | undefined
  try {
    saving = sessions.commit(savable(sessions, statusOf(reply, payload)))
  } catch (error) {
    done(failed(sessions, payload, error as Error))
    return
  }
  if (saving === undefined) handOn(sessions, leaving, done)
  else leaveAfter(saving, sessions, leaving, done)
}

/**
 * While the save is under way the reply counts as sent, as it would be if the store had answered at once: Fastify runs
 * no further handler, and a second reply is refused with a line in the log.
 */
function leaveAfter(saving: Promise<void>, sessions: RequestSessions, payload: unknown, done: Done): void {
  const { reply } = sessions.replyState
  const restore = keepAnswer(reply)
  const wereHeadersSent = reply.raw.headersSent
  watchStream(payload)
  Object.defineProperty(reply, 'sent', { value: true, configurable: true })
  const settle = (error?: Error) => {
    Reflect.deleteProperty(reply, 'sent')
    restore()
    if (reply.raw.headersSent && !wereHeadersSent) discard(sessions, payload, error)
    else if (error === undefined) handOn(sessions, payload, (_, leaving) => goOn(reply, done, undefined, leaving))
    else goOn(reply, done, failed(sessions, payload, error))
  }
  saving.then(() => settle(), settle)
}

/** What is put into the copy that `session.data` is looks as if it were kept. */
function tellAssigned({ used, replyState }: RequestSessions): void {
  for (const { definition, shown } of used) {
    if (shown === undefined || shown.assigned.length === 0) continue
    const { reply, route } = replyState
    const remedy = [...new Set(shown.assigned)].map((key) => `set("${key}", …)`).join(', ')
    const reason = `what ${route} assigned to session.data is not kept: use ${remedy}`
    reply.log.warn({ session: definition.name, route }, `session "${definition.name}": ${reason}`)
  }
}

function handOn(sessions: RequestSessions, payload: unknown, done: Done): void {
  const { replyState } = sessions
  replyState.leave()
  replyState.isHandingOn = true
  try {
    done(undefined, replyState.written.length > 0 ? keepResponseFromSharedCaches(replyState, payload) : payload)
  } finally {
    replyState.isHandingOn = false
  }
}

/** The error's own reply is to come, and is the first. */
function failed(sessions: RequestSessions, payload: unknown, error: Error): Error {
  release(payload)
  // Fastify gives the status of the first error alone, and this may be the second.
  const { replyState } = sessions
  if (replyState.hasErred && error instanceof SaveError) replyState.reply.code(error.statusCode ?? 500)
  replyState.fail(namesIn(error, sessions))
  return error
}

function namesIn(error: Error, { used }: RequestSessions): readonly string[] {
  return error instanceof SaveError ? [...error.errors.keys()] : used.map(({ definition }) => definition.name)
}

/**
 * A reply that follows an error is no second one: the first did not get out. Fastify tells of the first error alone, so
 * after that it is taken for granted, except of an `undefined`: that is what a handler gives that has replied already.
 */
function isSecondReply(sessions: RequestSessions, payload: unknown): boolean {
  const { stage, isHandingOn, hasErred, isErrorDue, reply } = sessions.replyState
  if (stage !== 'left') return stage === 'saving'
  return !isHandingOn && (reply.sent || !(isErrorDue || (hasErred && payload !== undefined)))
}

/** Hooks that wait, before this one or after it, leave time for it. */
function refuse({ replyState: { reply, route } }: RequestSessions, payload: unknown): void {
  reply.log.warn(
    { route },
    `a second reply is refused, the first is under way: was "return reply" forgotten in ${route}?`
  )
  release(payload)
}

function discard({ replyState: { reply, route } }: RequestSessions, payload: unknown, error: Error | undefined): void {
  const reason = `what reply.send() was given in ${route} is dropped: reply.raw was written to while sessions were saved`
  reply.log.warn({ route, err: error }, reason)
  release(payload)
}

/** A stream that nobody reads would keep its source open. */
function release(payload: unknown): void {
  const { destroy, cancel, body } = Object(payload)
  watchStream(payload)
  if (typeof destroy === 'function') destroy.call(payload)
  else if (typeof cancel === 'function') cancel.call(payload).catch(ignore)
  else if (typeof body === 'object' && body !== null) release(body)
}

/** An error of a stream to which nobody listens ends the process. Fastify, when it gets the stream, finds the error. */
function watchStream(payload: unknown): void {
  const { pipe, on } = Object(payload)
  if (typeof pipe === 'function' && typeof on === 'function') on.call(payload, 'error', ignore)
}

const ignore = () => {}

/** Status and headers as they are now: a second reply that is refused has changed them before it was. */
function keepAnswer(reply: FastifyReply): () => void {
  const { statusCode } = reply
  // The save adds cookies.
  const headers = Object.entries(reply.getHeaders()).filter(([name]) => name !== 'set-cookie')
  return () => {
    if (reply.statusCode !== statusCode) reply.code(statusCode)
    for (const [name, value] of headers) if (reply.getHeader(name) !== value) reply.header(name, value)
  }
}

/** The sessions to save: after a response of 500 or more only those that were ended, since all else may be half done. */
function savable(sessions: RequestSessions, status: number): readonly SessionState[] {
  const { failed } = sessions.replyState
  const { used } = sessions
  if (failed === undefined && status < 500) return used
  return used.flatMap((state) => {
    const { name, saveOnError } = state.definition
    if (failed === undefined && saveOnError) return state
    if (!state.clearsCookie || failed?.includes(name)) return []
    return state.isChanged ? sessions.end(state) : state
  })
}
