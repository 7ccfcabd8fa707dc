import { durationFault, TIMER } from '../../durations.js'
import { StoreConfigError } from '../../errors.js'

/**
 * Rejects when there is no answer in time, and aborts the signal that `ask` was given. What was asked for may still be
 * done; its outcome is then ignored.
 */
export function inTime<T>(ask: (late: AbortSignal) => Promise<T>, timeout: number, store: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = new AbortController()
    const timer = setTimeout(() => {
      reject(new Error(`${store} store: no answer within ${timeout} ms`))
      late.abort()
    }, timeout)
    ask(late.signal).then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error) => {
        clearTimeout(timer)
        reject(error)
      }
    )
  })
}

/** @throws StoreConfigError when it is no such duration, in milliseconds */
export function requireTimeout(store: string, ms: unknown, option = 'timeout', bounds = TIMER): void {
  const fault = durationFault(ms, bounds)
  if (fault !== undefined) throw new StoreConfigError(store, `${option}: ${fault}`)
}
