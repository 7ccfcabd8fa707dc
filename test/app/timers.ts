import type { Test } from 'tap'

/** The timers that wait, until the test ends. They run only when the test says so. */
export interface Timers {
  /** Their delays in ms, in the order in which they were set. */
  readonly delays: readonly number[]
  /** Runs all that wait, and gives what they begin time to end. */
  run(): Promise<void>
}

export function timers(t: Test): Timers {
  const { setTimeout, clearTimeout } = globalThis
  const waiting = new Map<unknown, { readonly run: () => void; readonly delay: number }>()
  const set = (run: () => void, delay: number) => {
    const timer = { unref: () => timer }
    waiting.set(timer, { run, delay })
    return timer
  }
  const clear = (timer: unknown) => void waiting.delete(timer)
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear })
  t.teardown(() => Object.assign(globalThis, { setTimeout, clearTimeout }))
  return {
    get delays() {
      return [...waiting.values()].map(({ delay }) => delay)
    },
    run: async () => {
      const due = [...waiting.values()]
      waiting.clear()
      for (const { run } of due) run()
      await turns()
    }
  }
}

/** Lets promises settle that wait for nothing outside the process. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((done) => setImmediate(done))
}
