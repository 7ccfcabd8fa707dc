import type { FastifyReply } from 'fastify'
import { SaveError } from '../errors.js'
import { type Done, goOn } from '../response/go-on.js'
import { keepResponseFromSharedCaches } from '../response/shared-cache.js'
import { statusOf, varyByCookie } from '../response/vary.js'
import type { SessionState } from '../session/state.js'
import type { RequestSessions } from './request-sessions.js'

/** The `onSend` hook of a request that asked for a session: saves what the request changed, then sends the reply on. */
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
 * Waits for the save, then sends the reply on. Until then the reply counts as sent, as if the store had answered at
 * once: Fastify runs no further handler, and refuses a second reply with a line in the log.
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

/** Warns of values that were assigned to `session.data`: it is a copy, but the assignment looks as if it were saved. */
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

/** The save failed: prepares for the error's reply, which is then the first reply to be sent. */
function failed(sessions: RequestSessions, payload: unknown, error: Error): Error {
  release(payload)
  // Fastify sets the reply's status for the first error only, and this may be the second.
  const { replyState } = sessions
  if (replyState.hasErred && error instanceof SaveError) replyState.reply.code(error.statusCode ?? 500)
  replyState.fail(namesIn(error, sessions))
  return error
}

function namesIn(error: Error, { used }: RequestSessions): readonly string[] {
  return error instanceof SaveError ? [...error.errors.keys()] : used.map(({ definition }) => definition.name)
}

/**
 * Whether this is a second reply. A reply after an error is not, because the first was never sent. Fastify reports only
 * the first error, so once an error has occurred any later reply is allowed, except with the payload `undefined`: that
 * is what a handler returns that has already replied.
 */
function isSecondReply(sessions: RequestSessions, payload: unknown): boolean {
  const { stage, isHandingOn, hasErred, isErrorDue, reply } = sessions.replyState
  if (stage !== 'left') return stage === 'saving'
  return !isHandingOn && (reply.sent || !(isErrorDue || (hasErred && payload !== undefined)))
}

/** Drops a second reply. It can arrive while an asynchronous hook, before or after this one, delays the first. */
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

/** Closes a payload that is not sent: an unread stream would keep its source open. */
function release(payload: unknown): void {
  const { destroy, cancel, body } = Object(payload)
  watchStream(payload)
  if (typeof destroy === 'function') destroy.call(payload)
  else if (typeof cancel === 'function') cancel.call(payload).catch(ignore)
  else if (typeof body === 'object') release(body)
}

/**
 * Listens for errors of a stream, because an unhandled one ends the process. Fastify notices the error itself when it
 * gets the stream.
 */
function watchStream(payload: unknown): void {
  const { pipe, on } = Object(payload)
  if (typeof pipe === 'function' && typeof on === 'function') on.call(payload, 'error', ignore)
}

const ignore = () => {}

/**
 * Returns a function that restores the present status and headers: a second reply changes them before it is refused.
 */
function keepAnswer(reply: FastifyReply): () => void {
  const { statusCode } = reply
  // The save adds cookies, which have to stay.
  const headers = Object.entries(reply.getHeaders()).filter(([name]) => name !== 'set-cookie')
  return () => {
    if (reply.statusCode !== statusCode) reply.code(statusCode)
    for (const [name, value] of headers) if (reply.getHeader(name) !== value) reply.header(name, value)
  }
}

/**
 * Returns the sessions to save. For a response of 500 or above these are only those that were destroyed, because the
 * handler's other changes may be half done.
 */
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
