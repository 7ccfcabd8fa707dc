import { setTimeout as delay } from 'node:timers/promises'
import type { ReadOptions, RecordStore, StoredRecord, Version, Write, WriteResult } from '../types/store.js'
import { perform } from './stores/internal/writes.js'

/**
 * What is to be done with one record is written as a generator that yields what it needs of the store, and reads like
 * straight code. All jobs on one store advance together, in rounds: the reads and the writes of a round are one trip
 * to the store each, however many sessions the request has.
 */
export type Job<T> = Generator<Step, T, unknown>

type Step =
  | { readonly kind: 'read'; readonly ids: readonly string[]; readonly options?: ReadOptions }
  | { readonly kind: 'write'; readonly writes: readonly Write[] }
  | { readonly kind: 'pause'; readonly ms: number }

export function* read(id: string): Job<StoredRecord | undefined> {
  return first((yield { kind: 'read', ids: [id] }) as readonly (StoredRecord | undefined)[])
}

/** The record as the engine has it now, never from a cache: for what decides whether a session may live. */
export function* readFresh(id: string): Job<StoredRecord | undefined> {
  return first((yield { kind: 'read', ids: [id], options: FRESH }) as readonly (StoredRecord | undefined)[])
}

export function* readAll(ids: readonly string[]): Job<readonly (StoredRecord | undefined)[]> {
  return ids.length === 0 ? [] : ((yield { kind: 'read', ids }) as readonly (StoredRecord | undefined)[])
}

/** Several writes, of different ids, in one round. */
export function* writeAll(writes: readonly Write[]): Job<readonly WriteResult[]> {
  return writes.length === 0 ? [] : ((yield { kind: 'write', writes }) as readonly WriteResult[])
}

/** Who needs no more passes its generator on: every level of `yield*` is paid again at each step. */
function* writeOne<T extends WriteResult>(write: Write): Job<T> {
  return first((yield { kind: 'write', writes: [write] }) as readonly T[])
}

export function create(id: string, text: string, expires: number): Job<Version | undefined> {
  return writeOne({ kind: 'create', id, text, expires })
}

export function update(id: string, text: string, expires: number, version: Version): Job<Version | undefined> {
  return writeOne({ kind: 'update', id, text, expires, version })
}

export function touch(id: string, expires: number): Job<boolean> {
  return writeOne({ kind: 'touch', id, expires })
}

export function* removeAll(ids: readonly string[]): Job<number> {
  const done = yield* writeAll(ids.map((id) => ({ kind: 'remove', id })))
  return done.filter(Boolean).length
}

export function* pause(ms: number): Job<void> {
  if (ms > 0) yield { kind: 'pause', ms }
}

/** Runs one job by itself; rejects with what it throws. */
export async function runJob<T>(store: RecordStore, job: Job<T>): Promise<T> {
  const result = await runAlone(store, job)
  if (result.status === 'rejected') throw result.reason
  return result.value
}

/** What `runTogether` does for one job, at a third of the cost: most requests have one. */
export async function runAlone<T>(store: RecordStore, job: Job<T>): Promise<PromiseSettledResult<T>> {
  try {
    let next = job.next()
    while (!next.done) {
      let answer: unknown
      try {
        const single = performSingle(store, next.value)
        answer = single === undefined ? await performStep(store, next.value) : [await single]
      } catch (error) {
        next = job.throw(error)
        continue
      }
      next = job.next(answer)
    }
    return { status: 'fulfilled', value: next.value }
  } catch (reason) {
    return { status: 'rejected', reason }
  }
}

/** Runs jobs together, round by round. Each settles on its own: one that fails does not stop the others. */
export async function runTogether<T>(store: RecordStore, jobs: readonly Job<T>[]): Promise<PromiseSettledResult<T>[]> {
  const runs = jobs.map((job) => new Run(job))
  for (;;) {
    const waiting = runs.filter((run) => run.step !== undefined)
    if (waiting.length === 0) return runs.map((run) => run.result as PromiseSettledResult<T>)
    await Promise.all([readRound(store, waiting), writeRound(store, waiting), pauseRound(waiting)])
  }
}

/** The one read or write that a step is; `undefined` if it is something else. */
function performSingle(store: RecordStore, step: Step): Promise<unknown> | undefined {
  if (step.kind === 'read' && step.ids.length === 1) return store.read(step.ids[0] as string, step.options)
  if (step.kind === 'write' && step.writes.length === 1) return perform(store, step.writes[0] as Write)
  return undefined
}

function performStep(store: RecordStore, step: Step): Promise<unknown> {
  switch (step.kind) {
    case 'read':
      return readIds(store, step.ids, step.options)
    case 'write':
      return performWrites(store, step.writes)
    case 'pause':
      return delay(step.ms)
  }
}

/** One job and how far it has come. */
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
  const readers = waiting.flatMap((run) => (run.step?.kind === 'read' ? [{ run, items: run.step.ids }] : []))
  const isFresh = waiting.some(({ step }) => step?.kind === 'read' && step.options?.fresh)
  await oneTrip(readers, (ids) => readIds(store, ids, isFresh ? FRESH : undefined))
}

/** A batch holds an id once: a second writer of the same record waits for the next round. */
async function writeRound(store: RecordStore, waiting: readonly Waiting[]): Promise<void> {
  const ids = new Set<string>()
  const writers = waiting.flatMap((run) => {
    if (run.step?.kind !== 'write') return []
    const { writes } = run.step
    if (writes.some(({ id }) => ids.has(id))) return []
    for (const { id } of writes) ids.add(id)
    return [{ run, items: writes }]
  })
  await oneTrip(writers, (writes) => performWrites(store, writes))
}

async function pauseRound(waiting: readonly Waiting[]): Promise<void> {
  const pausing = waiting.flatMap((run) => (run.step?.kind === 'pause' ? [{ run, ms: run.step.ms }] : []))
  await Promise.all(pausing.map(async ({ run, ms }) => run.answer(await delay(ms))))
}

interface Share<Item> {
  readonly run: Waiting
  readonly items: readonly Item[]
}

/** Asks for all items at once and gives each run the answers to its own, in their order. */
async function oneTrip<Item>(
  shares: readonly Share<Item>[],
  ask: (items: readonly Item[]) => Promise<readonly unknown[]>
): Promise<void> {
  if (shares.length === 0) return
  try {
    const answers = await ask(shares.flatMap(({ items }) => items))
    let from = 0
    for (const { run, items } of shares) {
      run.answer(answers.slice(from, from + items.length))
      from += items.length
    }
  } catch (error) {
    for (const { run } of shares) run.fail(error)
  }
}

function readIds(store: RecordStore, ids: readonly string[], options?: ReadOptions): Promise<readonly unknown[]> {
  if (ids.length === 1) return store.read(ids[0] as string, options).then(alone)
  if (store.readMany) return store.readMany(ids, options)
  return Promise.all(ids.map((id) => store.read(id, options)))
}

const FRESH: ReadOptions = { fresh: true }

function performWrites(store: RecordStore, writes: readonly Write[]): Promise<readonly WriteResult[]> {
  if (writes.length === 1) return perform(store, writes[0] as Write).then(alone)
  if (store.saveMany) return store.saveMany(writes)
  return Promise.all(writes.map((write) => perform(store, write)))
}

function alone<T>(item: T): readonly T[] {
  return [item]
}

function first<T>(items: readonly T[]): T {
  return items[0] as T
}
