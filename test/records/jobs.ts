import type { Job } from '../../lib/records/rounds.js'
import type { StoredRecord, Write } from '../../types/store.js'

export type Step = Job<unknown> extends Generator<infer Asked, unknown, unknown> ? Asked : never

/** Runs a job to its end, and answers each step as the test says. Returns the job's result, and the steps. */
export function drive<T>(
  job: Job<T>,
  answer: (step: Step) => unknown
): { readonly result: T; readonly steps: readonly Step[] } {
  const steps: Step[] = []
  let next: IteratorResult<Step, T> = job.next()
  while (!next.done) {
    steps.push(next.value)
    next = resume(job, () => answer((next as IteratorYieldResult<Step>).value))
  }
  return { result: next.value, steps }
}

/** Resumes a job with an answer, or with the error that the store throws. */
function resume<T>(job: Job<T>, answer: () => unknown): IteratorResult<Step, T> {
  let answered: unknown
  try {
    answered = answer()
  } catch (error) {
    return job.throw(error)
  }
  return job.next(answered)
}

/** Returns the writes of a step, whether it is one write or a batch. */
export function writesOf(step: Step): readonly Write[] {
  if (step.kind === 'read' || step.kind === 'readMany' || step.kind === 'pause') return []
  return step.kind === 'saveMany' ? step.writes : [step]
}

/** Answers the writes of a step as the test says. */
export function answerWrites(step: Step, answer: (write: Write) => unknown): unknown {
  return step.kind === 'saveMany' ? step.writes.map(answer) : answer(step as Write)
}

/** Returns the kinds of the steps. */
export function kindsOf(steps: readonly Step[]): readonly string[] {
  return steps.map((step) => {
    const [first] = writesOf(step)
    return step.kind === 'readMany' ? 'read' : (first?.kind ?? step.kind)
  })
}

/** Records by id, with which the steps of a job are answered. Each write makes the next version. */
export class Records {
  readonly #records = new Map<string, StoredRecord>()
  #version = 0

  get(id: string): StoredRecord | undefined {
    return this.#records.get(id)
  }

  put(id: string, text: string, expires = Number.MAX_SAFE_INTEGER): void {
    this.#records.set(id, { text, expires, version: ++this.#version })
  }

  drop(id: string): boolean {
    return this.#records.delete(id)
  }

  readonly answer = (step: Step): unknown => {
    if (step.kind === 'read') return this.get(step.id)
    if (step.kind === 'readMany') return step.ids.map((id) => this.get(id))
    if (step.kind === 'saveMany') return step.writes.map((write) => this.#write(write))
    return step.kind === 'pause' ? undefined : this.#write(step)
  }

  #write(write: Write): unknown {
    const present = this.get(write.id)
    if (write.kind === 'remove') return this.drop(write.id)
    if (write.kind === 'create' ? present !== undefined : present === undefined) return undefined
    if (write.kind === 'update' && present?.version !== write.version) return undefined
    this.put(write.id, write.kind === 'touch' ? (present?.text ?? '') : write.text, write.expires)
    return this.#version
  }
}

/** Makes `Math.random()` return this value while `run` runs. */
export function withRandom<T>(value: number, run: () => T): T {
  const { random } = Math
  Math.random = () => value
  try {
    return run()
  } finally {
    Math.random = random
  }
}
