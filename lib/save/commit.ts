import type { Awaitable, RecordStore } from '../../types/store.js'
import { isOurs, SaveError } from '../errors.js'
import { type Job, runAlone, runTogether } from '../records/rounds.js'
import type { ReplyState } from '../response/reply-state.js'
import type { SessionState } from '../session/state.js'
import { isPromise } from '../util/awaitable.js'
import { finish } from './answer.js'
import { asError, logUnrenewed } from './failures.js'
import type { Outcome } from './outcome.js'
import { planAll } from './plan.js'
import type { Task } from './task.js'
import { listen, type SaveTelling } from './telling.js'

/**
 * Saves sessions together: encodes all of them, writes all with one round trip to each store, and sets the cookies only
 * if every write succeeded. Returns `undefined` if no store had to be waited for: everything is done then.
 * @throws FST_SESSIONS_SAVE, or rejects with it
 */
export function commit(reply: ReplyState, states: readonly SessionState[]): Promise<void> | undefined {
  const now = Date.now()
  const tasks = planAll(reply, states, now)
  if (tasks.length === 0) return undefined
  const working = tasks.every(hasJob) ? tasks : tasks.filter(hasJob)
  const telling = listen(reply, tasks)
  if (working.length === 0) return answered(reply, tasks, now, telling)
  for (const { state } of tasks) state.beginSaving()
  const running = run(working, telling)
  return isPromise(running) ? finishAfter(running, reply, tasks, now, telling) : finishSaved(reply, tasks, now, telling)
}

async function finishAfter(
  running: Promise<void>,
  reply: ReplyState,
  tasks: readonly Task[],
  now: number,
  telling: SaveTelling | undefined
): Promise<void> {
  await running
  await finishSaved(reply, tasks, now, telling)
}

/** Runs the tasks' jobs and stores the result of each in `settled`; never throws or rejects. */
function run(tasks: readonly Task[], telling: SaveTelling | undefined): Awaitable<void> {
  if (tasks.length > 1) return runByStore(tasks, telling)
  const [only] = tasks as [Task]
  const settled = telling === undefined ? runOne(only) : runTraced(only, telling)
  if (isPromise(settled)) return settleLater(only, settled)
  only.settled = settled
}

function runOne(task: Task): Awaitable<PromiseSettledResult<Outcome>> {
  return runAlone(storeOf(task), task.job as Job<Outcome>)
}

function runTraced(task: Task, telling: SaveTelling): Awaitable<PromiseSettledResult<Outcome>> {
  return telling.trip([task], () => runOne(task))
}

async function settleLater(task: Task, running: Promise<PromiseSettledResult<Outcome>>): Promise<void> {
  task.settled = await running
}

function finishSaved(
  reply: ReplyState,
  tasks: readonly Task[],
  now: number,
  telling: SaveTelling | undefined
): Promise<void> | undefined {
  let finishing: Promise<void> | undefined
  try {
    if (tasks.some(isFailed)) throw saveError(tasks, telling)
    finishing = answered(reply, tasks.every(isDone) ? tasks : keptOf(tasks, telling), now, telling)
  } finally {
    if (finishing === undefined) endSaving(tasks)
  }
  return finishing && endSavingAfter(finishing, tasks)
}

function endSaving(tasks: readonly Task[]): void {
  for (const { state } of tasks) state.endSaving()
}

function endSavingAfter(finishing: Promise<void>, tasks: readonly Task[]): Promise<void> {
  return finishing.finally(() => endSaving(tasks))
}

function answered(
  reply: ReplyState,
  tasks: readonly Task[],
  now: number,
  telling: SaveTelling | undefined
): Promise<void> | undefined {
  const finishing = finish(reply, tasks, now)
  if (telling === undefined) return finishing
  if (finishing !== undefined) return tellAfter(finishing, tasks, telling)
  telling.tell(tasks)
  return undefined
}

async function tellAfter(finishing: Promise<void>, tasks: readonly Task[], telling: SaveTelling): Promise<void> {
  await finishing
  telling.tell(tasks)
}

async function runByStore(tasks: readonly Task[], telling: SaveTelling | undefined): Promise<void> {
  const stores = [...new Set(tasks.map(storeOf))]
  const ofStore = (store: RecordStore) => tasks.filter((task) => storeOf(task) === store)
  await Promise.all(stores.map((store) => runOnStore(store, ofStore(store), telling)))
}

async function runOnStore(store: RecordStore, tasks: readonly Task[], telling: SaveTelling | undefined): Promise<void> {
  const jobs = tasks.map(({ job }) => job as Job<Outcome>)
  const running = () => runTogether(store, jobs)
  const settled = await (telling === undefined ? running() : telling.trip(tasks, running))
  for (const [index, task] of tasks.entries()) task.settled = settled[index]
}

const hasJob = ({ job }: Task) => job !== undefined
const storeOf = ({ state }: Task) => state.definition.store as RecordStore
const isDone = ({ settled }: Task) =>
  settled === undefined || (settled.status === 'fulfilled' && settled.value !== 'dropped')
const isFailed = ({ settled, isRenewal }: Task) => settled?.status === 'rejected' && !isRenewal
const isDropped = ({ settled }: Task) => settled?.status === 'fulfilled' && settled.value === 'dropped'

function saveError(tasks: readonly Task[], telling: SaveTelling | undefined): SaveError {
  const errors = new Map<string, Error>()
  for (const { state, settled } of tasks.filter(isFailed)) {
    const error = asError((settled as PromiseRejectedResult).reason)
    const { log, definition } = state
    if (!isOurs(error))
      log.error({ session: definition.name, err: error }, 'a session could not be saved: its store failed')
    telling?.tellFailed(state, error)
    errors.set(definition.name, error)
  }
  return new SaveError(errors)
}

function keptOf(tasks: readonly Task[], telling: SaveTelling | undefined): readonly Task[] {
  return tasks.filter((task) => isKept(task, telling))
}

/**
 * Whether the task goes on to its cookie. A session that was ended elsewhere does not, and is marked as gone; nor does
 * one that could not be renewed.
 */
function isKept(task: Task, telling: SaveTelling | undefined): boolean {
  const { state, settled } = task
  if (isDropped(task)) {
    state.markGone()
    state.log.info(
      { session: state.definition.name },
      'the session was ended while this request ran: its changes are dropped'
    )
    telling?.tellDropped(state)
  } else if (settled?.status === 'rejected') {
    logUnrenewed(state, settled.reason)
    telling?.tellFailed(state, settled.reason)
  }
  return isDone(task)
}
