import { setTimeout as sleep } from 'node:timers/promises'
import { inTime } from '../../util/in-time.js'
import type { Dialect } from './dialect.js'
import { isPassing } from './errors.js'
import type { SqlExecutor } from './executor.js'

/**
 * Wraps an executor: it writes the engine's placeholders, and repeats a statement that the engine rolled back in favour
 * of another one. A call rejects after the timeout, in milliseconds.
 */
export function patient(executor: SqlExecutor, dialect: Dialect, timeout: number): SqlExecutor {
  const spoken = dialect.name === 'postgres' ? numbered() : (text: string) => text
  const ask = <T>(send: () => Promise<T>) => inTime(() => untilItPasses(send, timeout), timeout, dialect.name)
  return {
    all: (text, params) => ask(() => executor.all(spoken(text), params)),
    run: (text, params) => ask(() => executor.run(spoken(text), params))
  }
}

async function untilItPasses<T>(send: () => Promise<T>, timeout: number): Promise<T> {
  const deadline = performance.now() + timeout
  for (let pause = 2; ; pause = Math.min(2 * pause, 64)) {
    try {
      return await send()
    } catch (error) {
      // Gives up just before the timeout, because the engine's error says more than the timeout's.
      if (!isPassing(error) || performance.now() + pause > deadline) throw error
    }
    await sleep(pause * Math.random())
  }
}

/** Replaces `?` by `$1`, `$2`, … and remembers the results, which are few. */
function numbered(): (text: string) => string {
  const known = new Map<string, string>()
  return (text) => {
    let count = 0
    const found = known.get(text) ?? text.replaceAll('?', () => `$${++count}`)
    known.set(text, found)
    return found
  }
}
