import { setTimeout as sleep } from 'node:timers/promises'
import type { Dialect } from './dialect.js'
import { isPassing } from './errors.js'
import type { SqlExecutor } from './executor.js'

/** How long to try again, in milliseconds: as long as SQLite's drivers wait for a lock, those that wait. */
const patience = 5000

/** Speaks the engine's placeholders, and sends a statement again that the engine rolled back to let another pass. */
export function patient(executor: SqlExecutor, dialect: Dialect): SqlExecutor {
  const spoken = dialect.name === 'postgres' ? numbered() : (text: string) => text
  return {
    all: (text, params) => untilItPasses(() => executor.all(spoken(text), params)),
    run: (text, params) => untilItPasses(() => executor.run(spoken(text), params))
  }
}

async function untilItPasses<T>(send: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + patience
  for (let pause = 2; ; pause = Math.min(2 * pause, 64)) {
    try {
      return await send()
    } catch (error) {
      if (!isPassing(error) || performance.now() > deadline) throw error
    }
    await sleep(pause * Math.random())
  }
}

/** Writes `?` as `$1`, `$2`, …; the texts are few, and are remembered. */
function numbered(): (text: string) => string {
  const known = new Map<string, string>()
  return (text) => {
    let count = 0
    const found = known.get(text) ?? text.replaceAll('?', () => `$${++count}`)
    known.set(text, found)
    return found
  }
}
