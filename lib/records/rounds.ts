import { setTimeout as delay } from 'node:timers/promises'
import type {
  Awaitable,
  ReadOptions,
  RecordStore,
  StoredRecord,
  Version,
  Write,
  WriteResult
} from '../../types/store.js'
import { isPromise } from '../util/awaitable.js'
import { perform } from '../util/perform.js'

/**
 * A job is a generator: it describes the work on one record, reads like synchronous code, and yields each request to
 * the store. All jobs on one store advance together, in rounds: the reads of a round share one trip to the store, and
 * so do its writes, however many sessions the request has.
 *
 * An async function could not take its place: it would make a request wait even for a store that answers at once, and
 * each session would make a trip of its own. A plain function that checks whether it was given a promise costs less
 * than a job (`bench/parts/styles.js` measures it), but work that asks twice or tries again would become a chain of
 * such functions. So everything that asks a store is a job. The code that runs jobs, in the loader and the commit, goes
 * on synchronously when the answer is there, and otherwise in a separate async function.
 */
export type Job<T> = Generator<Step, T, unknown>

type Step =
  | { readonly kind: 'read'; readonly id: string; readonly options?: ReadOptions }
  | { readonly kind: 'readMany'; readonly ids: readonly string[]; readonly options?: ReadOptions }
  | Write
  | { readonly kind: 'saveMany'; readonly writes: readonly Write[] }
  | { readonly kind: 'pause'; readonly ms: number }

export function* read(id: string): Job<StoredRecord | undefined> {
  return (yield { kind: 'read', id }) as StoredRecord | undefined
}

/** Reads a record from the engine, never from a cache. Use it for decisions about whether a session may live. */
export function* readFresh(id: string): Job<StoredRecord | undefined> {
  return (yield { kind: 'read', id, options: FRESH }) as StoredRecord | undefined
}

/** Reads several records from the engine in one round, never from a cache. */
export function* readAllFresh(ids: readonly string[]): Job<readonly (StoredRecord | undefined)[]> {
  if (ids.length === 0) return []
  if (ids.length === 1) return [yield* readFresh(ids[0] as string)]
  return (yield { kind: 'readMany', ids, options: FRESH }) as readonly (StoredRecord | undefined)[]
}

/** Performs several writes, of different ids, in one round. */
export function* writeAll(writes: readonly Write[]): Job<readonly WriteResult[]> {
  if (writes.length === 0) return []
  if (writes.length === 1) return [(yield writes[0] as Write) as WriteResult]
  return (yield { kind: 'saveMany', writes }) as readonly WriteResult[]
}

export function* create(id: string, text: string, expires: number): Job<Version | undefined> {
  return (yield { kind: 'create', id, text, expires }) as Version | undefined
}

export function* update(id: string, text: string, expires: number, version: Version): Job<Version | undefined> {
  return (yield { kind: 'update', id, text, expires, version }) as Version | undefined
}

export function* touch(id: string, expires: number): Job<boolean> {
  return (yield { kind: 'touch', id, expires }) as boolean
}

export function* removeAll(ids: readonly string[]): Job<number> {
  const done = yield* writeAll(ids.map((id) => ({ kind: 'remove', id })))
  return done.filter(Boolean).length
}

export function* pause(ms: number): Job<void> {
  if (ms > 0) yield { kind: 'pause', ms }
}

/** Runs one job by itself. Rejects with the error that the job throws. */
export async function runJob<T>(store: RecordStore, job: Job<T>): Promise<T> {
  const result = await runAlone(store, job)
  if (result.status === 'rejected') throw result.reason
  return result.value
}

/**
 * Does for one job what `runTogether` does for several, and is cheaper; most requests have one job. If the store
 * answers at once, the result is returned without a promise.
 */
export function runAlone<T>(store: RecordStore, job: Job<T>): Awaitable<PromiseSettledResult<T>> {
  return goOn(store, job, 'next', undefined)
}

function goOn<T>(
  store: RecordStore,
  job: Job<T>,
  resume: 'next' | 'throw',
  answered: unknown
): Awaitable<PromiseSettledResult<T>> {
  try {
    let next = job[resume](answered)
    while (!next.done) {
      let answer: unknown
      try {
        answer = performStep(store, next.value)
      } catch (error) {
        next = job.throw(error)
        continue
      }
      if (isPromise(answer)) {
        return answer.then(
          (value) => goOn(store, job, 'next', value),
          (error) => goOn(store, job, 'throw', error)
        )
      }
      next = job.next(answer)
    }
    return { status: 'fulfilled', value: next.value }
  } catch (reason) {
    return { status: 'rejected', reason }
  }
}

/** Runs jobs together, round by round. Each settles independently: one that fails does not stop the others. */
export async function runTogether<T>(store: RecordStore, jobs: readonly Job<T>[]): Promise<PromiseSettledResult<T>[]> {
  const runs = jobs.map((job) => new Run(job))
  for (;;) {
    const waiting = runs.filter((run) => run.step !== undefined)
    if (waiting.length === 0) return runs.map((run) => run.result as PromiseSettledResult<T>)
    await Promise.all([readRound(store, waiting), writeRound(store, waiting), pauseRound(waiting)])
  }
}

function performStep(store: RecordStore, step: Step): unknown {
  switch (step.kind) {
    case 'read':
      return store.read(step.id, step.options)
    case 'readMany':
      return readIds(store, step.ids, step.options)
    case 'saveMany':
      return performWrites(store, step.writes)
    case 'pause':
      return delay(step.ms)
    default:
      return perform(store, step)
  }
}

/** One job and its progress: its current step, or its result. */
class Run<T> {
  readonly #job: Job<T>
  step: Step | undefined
  result: PromiseSettledResult<T> | undefined

  constructor(job: Job<T>) {
    this.#job = job
    this.#advance(() => job.next())
  }

  answer(answer: unknown): void {
    this.#advance(() => this.#job.next(answer))
  }

  fail(error: unknown): void {
    this.#advance(() => this.#job.throw(error))
  }

  #advance(go: () => IteratorResult<Step, T>): void {
    try {
      const next = go()
      this.step = next.done ? undefined : next.value
      if (next.done) this.result = { status: 'fulfilled', value: next.value }
    } catch (reason) {
      this.step = undefined
      this.result = { status: 'rejected', reason }
    }
  }
}

type Waiting = Pick<Run<unknown>, 'step' | 'answer' | 'fail'>

async function readRound(store: RecordStore, waiting: readonly Waiting[]): Promise<void> {
  const shares = waiting.flatMap((run): Share<string>[] => {
    if (run.step?.kind === 'read') return [{ run, items: [run.step.id], isOne: true }]
    return run.step?.kind === 'readMany' ? [{ run, items: run.step.ids, isOne: false }] : []
  })
  const isFresh = waiting.some(({ step }) => step !== undefined && 'options' in step && step.options?.fresh)
  await makeTrips(shares, store.readMany, (ids) => readIds(store, ids, isFresh ? FRESH : undefined))
}

/**
 * Performs the writes of a round. A batch must not contain an id twice, so a second write of the same record waits for
 * the next round.
 */
async function writeRound(store: RecordStore, waiting: readonly Waiting[]): Promise<void> {
  const ids = new Set<string>()
  const shares = waiting.flatMap((run): Share<Write>[] => {
    const writes = writesOf(run.step)
    if (writes.length === 0 || writes.some(({ id }) => ids.has(id))) return []
    for (const { id } of writes) ids.add(id)
    return [{ run, items: writes, isOne: run.step?.kind !== 'saveMany' }]
  })
  await makeTrips(shares, store.saveMany, (writes) => performWrites(store, writes))
}

function writesOf(step: Step | undefined): readonly Write[] {
  if (step === undefined || step.kind === 'read' || step.kind === 'readMany' || step.kind === 'pause') return []
  return step.kind === 'saveMany' ? step.writes : [step]
}

async function pauseRound(waiting: readonly Waiting[]): Promise<void> {
  const pausing = waiting.flatMap((run) => (run.step?.kind === 'pause' ? [{ run, ms: run.step.ms }] : []))
  await Promise.all(pausing.map(async ({ run, ms }) => run.answer(await delay(ms))))
}

interface Share<Item> {
  readonly run: Waiting
  readonly items: readonly Item[]
  /** Whether the job asked for a single item, and is to be given one answer instead of a list. */
  readonly isOne: boolean
}

type Ask<Item> = (items: readonly Item[]) => Awaitable<readonly unknown[]>

/**
 * Makes one trip for all shares if the store has the method for it. Otherwise each share gets a trip of its own, and
 * fails by itself.
 */
async function makeTrips<Item>(shares: readonly Share<Item>[], method: unknown, ask: Ask<Item>): Promise<void> {
  const trips = method === undefined ? shares.map((share) => [share]) : [shares]
  await Promise.all(trips.map((trip) => oneTrip(trip, ask)))
}

/** Asks for all items at once, and passes each run the answers to its own items, in order. */
async function oneTrip<Item>(shares: readonly Share<Item>[], ask: Ask<Item>): Promise<void> {
  if (shares.length === 0) return
  try {
    const answers = await ask(shares.flatMap(({ items }) => items))
    let from = 0
    for (const { run, items, isOne } of shares) {
      run.answer(isOne ? answers[from] : answers.slice(from, from + items.length))
      from += items.length
    }
  } catch (error) {
    for (const { run } of shares) run.fail(error)
  }
}

async function readIds(
  store: RecordStore,
  ids: readonly string[],
  options?: ReadOptions
): Promise<readonly (StoredRecord | undefined)[]> {
  if (ids.length === 1) return [await store.read(ids[0] as string, options)]
  if (store.readMany) return store.readMany(ids, options)
  return Promise.all(ids.map(async (id) => store.read(id, options)))
}

const FRESH: ReadOptions = { fresh: true }

async function performWrites(store: RecordStore, writes: readonly Write[]): Promise<readonly WriteResult[]> {
  if (writes.length === 1) return [await perform(store, writes[0] as Write)]
  if (store.saveMany) return store.saveMany(writes)
  return Promise.all(writes.map(async (write) => perform(store, write)))
}
