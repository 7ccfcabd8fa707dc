import type { Awaitable, RecordStore } from '../../types/store.js'
import type { SetCookie } from '../cookie/cookie.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { HeadersSentError, isOurs, SaveError, StoreError } from '../errors.js'
import { type Job, runAlone, runTogether } from '../records/rounds.js'
import { formatTicket } from '../records/ticket.js'
import type { ReplyState } from '../response/reply-state.js'
import { sendCookies } from '../response/send-cookies.js'
import { arrivingOf } from '../session/arriving.js'
import type { Encoded, Origin } from '../session/origin.js'
import type { SessionState } from '../session/state.js'
import { andThen, isPromise } from '../util/awaitable.js'
import { cookieAge, cookieEnd, isCookieDue, isTouchDue } from './due.js'
import type { Outcome } from './outcome.js'
import { confirm, renew, renewWithCookie, save } from './save.js'

/** What is to be done for one session, decided and encoded before anything is written. */
interface Task {
  readonly state: SessionState
  readonly encoded: Encoded | undefined
  /** `undefined`: nothing to be done at the store. */
  readonly job: Job<Outcome> | undefined
  /** It changes nothing but when the session ends, or its seal: where that fails, whoever only reads gets the page. */
  readonly isRenewal: boolean
  /** How that went. */
  settled: PromiseSettledResult<Outcome> | undefined
}

function taskFor(state: SessionState, encoded: Encoded | undefined, job?: Job<Outcome>): Task {
  return { state, encoded, job, isRenewal: false, settled: undefined }
}

function renewalFor(state: SessionState, encoded: Encoded | undefined, job?: Job<Outcome>): Task {
  return { state, encoded, job, isRenewal: true, settled: undefined }
}

/**
 * Saves sessions together: encodes all, then saves all, one round trip a store, and only when every save worked sets
 * the cookies. Where no store has to be waited for it is done when it returns, and returns `undefined`.
 * @throws FST_SESSIONS_SAVE, or rejects with it
 */
export function commit(reply: ReplyState, states: readonly SessionState[]): Promise<void> | undefined {
  const now = Date.now()
  const tasks = eachOrThrow(states, stateOf, (state) =>
    mayNeedSaving(state, now) ? plan(reply, state, now) : undefined
  )
  const working = tasks.every(hasJob) ? tasks : tasks.filter(hasJob)
  if (working.length === 0) return finish(reply, tasks, now)
  for (const { state } of tasks) state.beginSaving()
  const running = run(working)
  const end = () => finishSaved(reply, tasks, now)
  return isPromise(running) ? running.then(end) : end()
}

/** Most requests only read: they are done here. */
function mayNeedSaving(state: SessionState, now: number): boolean {
  if (state.isDirty || state.isStale || state.cookieOptions !== undefined) return true
  return isTouchDue(state, now)
}

/** @throws when the session can't be stored as it is */
function plan(reply: ReplyState, state: SessionState, now: number): Task | undefined {
  if (state.isDetached) return planDetached(state)
  if (state.isReadOnly) return state.refuseChanges() as undefined
  state.resolveToDestroy()
  const encoded = state.isChanged || state.replaced !== undefined ? state.encode(now) : undefined
  const isMoving = isTouchDue(state, now)
  if (state.definition.store === undefined) return planCookie(reply, state, encoded, isMoving, now)
  if (state.arrival?.isStored === false) return planArrival(reply, state, encoded, now)
  if (encoded !== undefined || state.clearsCookie) {
    const needsCookie = encoded !== undefined && state.origin === undefined
    if (needsCookie && reply.areHeadersSent) throw new HeadersSentError(state.definition.name)
    return taskFor(state, encoded, save(state, encoded, now))
  }
  if (state.origin === undefined) return undefined
  return planRead(state, state.origin, isMoving, now)
}

/** One of another plugin becomes one of ours, also if it was only read: then a store that fails costs nobody the page. */
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

/** What a session needs that was only read, and came by a cookie; a replaced id gets nothing. */
function planRead(state: SessionState, { location, record }: Origin, isMoving: boolean, now: number): Task | undefined {
  const isRenewed = isMoving && record.n === undefined
  if (location?.ticket === undefined || !isCookieDue(state, location.ticket, now)) {
    return isRenewed ? renewalFor(state, undefined, renew(state, now)) : undefined
  }
  return renewalFor(state, undefined, isRenewed ? renewWithCookie(state, now) : confirm(state))
}

/** Nothing of it is saved, but who signs out has to be told that it did not work. */
function planDetached(state: SessionState): undefined {
  if (state.clearsCookie)
    throw new StoreError(state.definition.name, 'it could not be read, so it can not be ended either')
}

/** The cookie is the record: to renew it is to write it, which must not undo what another answer has done to it. */
function planCookie(
  reply: ReplyState,
  state: SessionState,
  changed: Encoded | undefined,
  isMoving: boolean,
  now: number
): Task | undefined {
  if (changed === undefined && !state.clearsCookie) {
    const isRenewed = isMoving || state.isStale || (state.origin !== undefined && state.cookieOptions !== undefined)
    return isRenewed && !reply.areHeadersSent && !isSuperseded(state) ? planRenewal(state, now) : undefined
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

function isSuperseded({ definition, origin }: SessionState): boolean {
  return origin?.came !== undefined && definition.superseded.has(origin.came.value, origin.came.at)
}

/** Leaves on each task how its job went; never throws. */
function run(tasks: readonly Task[]): Awaitable<void> {
  if (tasks.length > 1) return runByStore(tasks)
  const [only] = tasks as [Task]
  const settle = (settled: PromiseSettledResult<Outcome>) => {
    only.settled = settled
  }
  const settled = runAlone(storeOf(only), only.job as Job<Outcome>)
  return andThen(settled, settle)
}

function finishSaved(reply: ReplyState, tasks: readonly Task[], now: number): Promise<void> | undefined {
  const end = () => {
    for (const { state } of tasks) state.endSaving()
  }
  let finishing: Promise<void> | undefined
  try {
    if (tasks.some(isFailed)) throw saveError(tasks)
    finishing = finish(reply, tasks.every(isDone) ? tasks : tasks.filter(isKept), now)
  } finally {
    if (finishing === undefined) end()
  }
  return finishing?.finally(end)
}

async function runByStore(tasks: readonly Task[]): Promise<void> {
  const stores = [...new Set(tasks.map(storeOf))]
  const ofStore = (store: RecordStore) => tasks.filter((task) => storeOf(task) === store)
  await Promise.all(stores.map((store) => runOnStore(store, ofStore(store))))
}

async function runOnStore(store: RecordStore, tasks: readonly Task[]): Promise<void> {
  const jobs = tasks.map(({ job }) => job as Job<Outcome>)
  const settled = await runTogether(store, jobs)
  for (const [index, task] of tasks.entries()) task.settled = settled[index]
}

const hasJob = ({ job }: Task) => job !== undefined
const storeOf = ({ state }: Task) => state.definition.store as RecordStore
const isDone = ({ settled }: Task) =>
  settled === undefined || (settled.status === 'fulfilled' && settled.value !== 'dropped')
const isFailed = ({ settled, isRenewal }: Task) => settled?.status === 'rejected' && !isRenewal
const isDropped = ({ settled }: Task) => settled?.status === 'fulfilled' && settled.value === 'dropped'

function saveError(tasks: readonly Task[]): SaveError {
  const errors = new Map<string, Error>()
  for (const { state, settled } of tasks.filter(isFailed)) {
    const error = asError((settled as PromiseRejectedResult).reason)
    const { log, definition } = state
    if (!isOurs(error))
      log.error({ session: definition.name, err: error }, 'a session could not be saved: its store failed')
    errors.set(definition.name, error)
  }
  return new SaveError(errors)
}

/** Not one that was ended elsewhere, which learns it, nor one whose end could not be moved. */
function isKept(task: Task): boolean {
  const { state, settled } = task
  if (isDropped(task)) {
    state.markGone()
    state.log.info(
      { session: state.definition.name },
      'the session was ended while this request ran: its changes are dropped'
    )
  } else if (settled?.status === 'rejected') logUnrenewed(state, settled.reason)
  return isDone(task)
}

function logUnrenewed({ log, definition }: SessionState, error: unknown): void {
  log.warn(
    { session: definition.name, err: error },
    'the session could not be renewed: it ends as it would have without this use'
  )
}

/** Ends those that another plugin's server keeps as well, should any be signed out, and answers. */
function finish(reply: ReplyState, tasks: readonly Task[], now: number): Promise<void> | undefined {
  return tasks.some(endsOld) ? endThenAnswer(reply, tasks, now) : answer(reply, tasks, now)
}

const endsOld = ({ state }: Task) => state.clearsCookie && state.definition.from !== undefined

/** @throws FST_SESSIONS_SAVE */
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

/** Makes the cookies, and sets them unless one can't be made. */
function answer(reply: ReplyState, tasks: readonly Task[], now: number): Promise<void> | undefined {
  const cookies: SetCookie[] = []
  let arrived: Promise<void> | undefined
  eachOrThrow(tasks, taskState, (task) => {
    const make = task.isRenewal ? renewedCookies : cookiesFor
    const own = make(reply, task, now)
    cookies.push(...own)
    const arriving = arrivingOf(task.state.definition)
    if (arriving === undefined || own.length === 0 || reply.areHeadersSent) return
    cookies.push(...arriving.clear(reply.request, task.state))
    arrived = allOf(arrived, arriving.endArrived(task.state))
  })
  for (const { state, encoded, settled } of tasks) {
    const isWritten = encoded !== undefined && settled?.status !== 'rejected'
    if (state.definition.store === undefined && isWritten) state.markSaved(encoded)
    state.markAnswered()
  }
  sendCookies(reply, cookies)
  return arrived
}

function allOf(first: Promise<void> | undefined, second: Promise<void> | undefined): Promise<void> | undefined {
  return first && second ? first.then(() => second) : (first ?? second)
}

/** A value that was smaller when it was written, or had more cookies, leaves the browser with what it has. */
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

/** What `run` gives for each item; if it throws for some, one error for all of these. @throws FST_SESSIONS_SAVE */
function eachOrThrow<Item, Result>(
  items: readonly Item[],
  stateFor: (item: Item) => SessionState,
  run: (item: Item) => Result | undefined
): readonly Result[] {
  const results: Result[] = []
  let errors: Map<string, Error> | undefined
  for (const item of items) {
    try {
      const result = run(item)
      if (result !== undefined) results.push(result)
    } catch (error) {
      errors ??= new Map()
      errors.set(stateFor(item).definition.name, asError(error))
    }
  }
  if (errors !== undefined) throw new SaveError(errors)
  return results
}

const stateOf = (state: SessionState) => state
const taskState = ({ state }: Task) => state

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
