import type { Awaitable, RecordStore } from '../../types/store.js'
import { isOurs, SaveError } from '../errors.js'
import { type Job, runAlone, runTogether } from '../records/rounds.js'
import type { ReplyState } from '../response/reply-state.js'
import type { SessionState } from '../session/state.js'
import { andThen, isPromise } from '../util/awaitable.js'
import { finish } from './answer.js'
import { asError, eachOrThrow, logUnrenewed } from './failures.js'
import type { Outcome } from './outcome.js'
import { mayNeedSaving, plan } from './plan.js'
import type { Task } from './task.js'

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

const stateOf = (state: SessionState) => state

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
