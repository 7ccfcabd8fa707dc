import { HeadersSentError, SaveError, StoreError } from '../errors.js'
import type { ReplyState } from '../response/reply-state.js'
import { arrivingOf } from '../session/arriving.js'
import type { Encoded, Origin } from '../session/origin.js'
import type { SessionState } from '../session/state.js'
import { isCookieDue, isTouchDue } from './due.js'
import { type Failures, logUnrenewed, withFailure } from './failures.js'
import { confirm, renew, renewWithCookie, save } from './save.js'
import { renewalFor, type Task, taskFor } from './task.js'

/**
 * Decides what to do for these sessions, and encodes all of them before anything is written.
 * @throws FST_SESSIONS_SAVE
 */
export function planAll(reply: ReplyState, states: readonly SessionState[], now: number): readonly Task[] {
  const tasks: Task[] = []
  let failures: Failures | undefined
  for (const state of states) {
    try {
      const task = mayNeedSaving(state, now) ? plan(reply, state, now) : undefined
      if (task !== undefined) tasks.push(task)
    } catch (error) {
      failures = withFailure(failures, state, error)
    }
  }
  if (failures !== undefined) throw new SaveError(failures)
  return tasks
}

/** Whether the session may need a save. Most requests only read, so they are done with this check. */
function mayNeedSaving(state: SessionState, now: number): boolean {
  if (state.isDirty || state.isStale || state.cookieOptions !== undefined) return true
  return isTouchDue(state, now)
}

/** Decides what to do for one session; `undefined`: nothing. @throws when the session can't be stored as it is */
function plan(reply: ReplyState, state: SessionState, now: number): Task | undefined {
  if (state.isDetached) return planDetached(state)
  if (state.isReadOnly) return state.refuseChanges() as undefined
  state.resolveToDestroy()
  const encoded = state.isChanged || state.replaced !== undefined ? state.encode(now) : undefined
  if (state.definition.store === undefined) return planCookie(reply, state, encoded, now)
  if (state.arrival?.isStored === false) return planArrival(reply, state, encoded, now)
  if (encoded !== undefined || state.clearsCookie) {
    const needsCookie = encoded !== undefined && state.origin === undefined
    if (needsCookie && reply.areHeadersSent) throw new HeadersSentError(state.definition.name)
    return taskFor(state, encoded, save(state, encoded, now))
  }
  if (state.origin === undefined) return undefined
  return planRead(state, state.origin, now)
}

/**
 * Plans the take-over of another plugin's session. If the request only read it, the task counts as a renewal, so that a
 * failing store does not cost the response.
 * @throws FST_SESSIONS_HEADERS_SENT
 */
function planArrival(
  { areHeadersSent }: ReplyState,
  state: SessionState,
  encoded: Encoded | undefined,
  now: number
): Task | undefined {
  const isRenewal = encoded === undefined && !state.clearsCookie
  if (areHeadersSent && !isRenewal) throw new HeadersSentError(state.definition.name)
  const job = arrivingOf(state.definition)?.save(state, encoded, areHeadersSent, now)
  return job && { ...taskFor(state, encoded, job), isRenewal }
}

/**
 * Plans the renewal of a session that was only read: of its record, and of its cookie if one came. A replaced id gets
 * neither.
 */
function planRead(state: SessionState, { location, record }: Origin, now: number): Task | undefined {
  const isRenewed = isTouchDue(state, now) && record.n === undefined
  if (location?.ticket === undefined || !isCookieDue(state, location.ticket, now)) {
    return isRenewed ? renewalFor(state, undefined, renew(state, now)) : undefined
  }
  return renewalFor(state, undefined, isRenewed ? renewWithCookie(state, now) : confirm(state))
}

/**
 * Saves nothing of a session whose store failed. But a sign-out must not appear to have worked.
 * @throws FST_SESSIONS_STORE after `destroy()`
 */
function planDetached(state: SessionState): undefined {
  if (state.clearsCookie)
    throw new StoreError(state.definition.name, 'it could not be read, so it can not be ended either')
}

/**
 * Plans for the cookie store. Renewing the cookie rewrites the whole record, so a renewal must not undo what another
 * response has done to it.
 * @throws FST_SESSIONS_HEADERS_SENT
 */
function planCookie(
  reply: ReplyState,
  state: SessionState,
  changed: Encoded | undefined,
  now: number
): Task | undefined {
  if (changed === undefined && !state.clearsCookie) {
    const { origin } = state
    // A cookie that this process can't read stays, for a process that can, until something is written.
    if (origin === undefined || reply.areHeadersSent || isSuperseded(state, origin)) return undefined
    return planRenewal(state, now)
  }
  if (reply.areHeadersSent) throw new HeadersSentError(state.definition.name)
  return taskFor(state, changed)
}

function planRenewal(state: SessionState, now: number): Task | undefined {
  try {
    return renewalFor(state, state.encode(now))
  } catch (error) {
    logUnrenewed(state, error)
    return undefined
  }
}

function isSuperseded({ definition }: SessionState, { came }: Origin): boolean {
  return came !== undefined && definition.superseded.has(came.value, came.at)
}
