import type { SetCookie } from '../cookie/cookie.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { SaveError, StoreError } from '../errors.js'
import { formatTicket } from '../records/ticket.js'
import type { ReplyState } from '../response/reply-state.js'
import { sendCookies } from '../response/send-cookies.js'
import { arrivingOf } from '../session/arriving.js'
import { cookieAge, cookieEnd, isCookieDue } from './due.js'
import { type Failures, logUnrenewed, withFailure } from './failures.js'
import type { Task } from './task.js'

/**
 * Sets the cookies. If a session was signed out that may also exist in another plugin's store, ends it there first.
 * @throws FST_SESSIONS_SAVE, or rejects with it
 */
export function finish(reply: ReplyState, tasks: readonly Task[], now: number): Promise<void> | undefined {
  return tasks.some(endsOld) ? endThenAnswer(reply, tasks, now) : answer(reply, tasks, now)
}

const endsOld = ({ state }: Task) => state.clearsCookie && state.definition.from !== undefined

/** Rejects with FST_SESSIONS_SAVE. */
async function endThenAnswer(reply: ReplyState, tasks: readonly Task[], now: number): Promise<void> {
  await Promise.all(tasks.filter(endsOld).map(({ state: { definition } }) => endOld(reply, definition)))
  await answer(reply, tasks, now)
}

async function endOld({ request }: ReplyState, definition: ResolvedDefinition): Promise<void> {
  const { name } = definition
  try {
    await arrivingOf(definition)?.end(request)
  } catch (cause) {
    request.log.error({ session: name, err: cause }, NOT_ENDED)
    throw new SaveError(new Map([[name, Object.assign(new StoreError(name, NOT_ENDED), { cause })]]))
  }
}

const NOT_ENDED = 'the store of the former plugin did not end the session that it keeps'

/** Creates the cookies, and sets them unless one of them can't be created. @throws FST_SESSIONS_SAVE */
function answer(reply: ReplyState, tasks: readonly Task[], now: number): Promise<void> | undefined {
  const cookies: SetCookie[] = []
  let arrived: Promise<void> | undefined
  let failures: Failures | undefined
  for (const task of tasks) {
    try {
      const own = task.isRenewal ? renewedCookies(reply, task, now) : cookiesFor(reply, task, now)
      if (own.length === 0) continue
      task.setsCookie = true
      cookies.push(...own)
      arrived = allOf(arrived, arrive(reply, task, cookies))
    } catch (error) {
      failures = withFailure(failures, task.state, error)
    }
  }
  if (failures !== undefined) throw new SaveError(failures)
  for (const task of tasks) markAnswered(task)
  sendCookies(reply, cookies)
  return arrived
}

/** Clears the cookie of the other plugin, because the browser now gets one of this plugin. */
function arrive(reply: ReplyState, { state }: Task, cookies: SetCookie[]): Promise<void> | undefined {
  const arriving = arrivingOf(state.definition)
  if (arriving === undefined || reply.areHeadersSent) return undefined
  cookies.push(...arriving.clear(reply.request, state))
  return arriving.endArrived(state)
}

function markAnswered({ state, encoded, settled }: Task): void {
  const isWritten = encoded !== undefined && settled?.status !== 'rejected'
  if (state.definition.store === undefined && isWritten) state.markSaved(encoded)
  state.markAnswered()
}

function allOf(first: Promise<void> | undefined, second: Promise<void> | undefined): Promise<void> | undefined {
  return first && second ? first.then(() => second) : (first ?? second)
}

/**
 * Creates the cookies of a renewal. If that fails, because the value has grown or the definition allows fewer `chunks`
 * than before, the browser keeps the cookie that it has.
 */
function renewedCookies(reply: ReplyState, task: Task, now: number): readonly SetCookie[] {
  try {
    return cookiesFor(reply, task, now)
  } catch (reason) {
    task.settled = { status: 'rejected', reason }
    logUnrenewed(task.state, reason)
    return []
  }
}

function cookiesFor({ request }: ReplyState, { state, encoded }: Task, now: number): readonly SetCookie[] {
  const { definition, cookieOptions } = state
  if (definition.store === undefined) {
    const came = (state.origin ?? state.replaced ?? state.toDestroy)?.came
    if (came !== undefined) definition.superseded.note(came.value, now)
    if (encoded === undefined) return definition.cookie.clear(request, cookieOptions)
    return definition.cookie.write(
      request,
      definition.sealedRecords.seal(
        encoded.text,
        encoded.isExact ? encoded.record : undefined,
        state.origin?.cachedValue
      ),
      cookieAge(state, now),
      cookieOptions
    )
  }
  if (state.origin === undefined) return definition.cookie.clear(request, cookieOptions)
  const { location } = state.origin
  if (location?.ticket === undefined || !isCookieDue(state, location.ticket, now)) return []
  const renewed = { ...location.ticket, expires: cookieEnd(state, now) }
  state.markCookie(renewed)
  return definition.cookie.write(
    request,
    definition.sealedTickets.seal(formatTicket(renewed), renewed),
    cookieAge(state, now),
    cookieOptions
  )
}
