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

/** The longest that a timer of Node can wait, in milliseconds; beyond it, it fires at once. */
export const longestTimer = 2 ** 31 - 1

/** @throws StoreConfigError when a timer can't wait so long */
export function requireTimeout(store: string, ms: number, option = 'timeout'): void {
  if (ms > 0 && ms <= longestTimer) return
  throw new StoreConfigError(store, `${option} must be from 1 to ${longestTimer} ms, or be left out; it is ${ms}`)
}
