import { StoreConfigError } from '../../errors.js'
import { durationFault, TIMER } from '../../options/durations.js'

/** How long a store waits for an answer unless it is told otherwise, in milliseconds. */
export const defaultTimeout = 5000

/** What became of the call is not known: what was asked for may still be done. */
export class NoAnswerError extends Error {
  constructor(store: string, timeout: number) {
    super(`${store} store: no answer within ${timeout} ms`)
  }
}

/**
 * Rejects with a `NoAnswerError` when there is no answer in time, and aborts the signal that `ask` was given. What was
 * asked for may still be done; its outcome is then ignored.
 */
export function inTime<T>(ask: (late: AbortSignal) => PromiseLike<T>, timeout: number, store: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = new AbortController()
    const timer = setTimeout(() => {
      reject(new NoAnswerError(store, timeout))
      late.abort()
    }, timeout)
    asked(ask, late.signal).then(
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

/** Some clients throw where they should reject. */
function asked<T>(ask: (late: AbortSignal) => PromiseLike<T>, late: AbortSignal): PromiseLike<T> {
  try {
    return ask(late)
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Sends what is to be sent, and rejects when there is no answer in time. */
export type Ask = <T>(send: (late: AbortSignal) => PromiseLike<T>) => Promise<T>

/**
 * How a store asks its engine, with its own limit to each answer.
 *
 * @param timeout In milliseconds.
 * @throws StoreConfigError when a timer can't wait so long
 */
export function asking(timeout: number, store: string): Ask {
  requireTimeout(store, timeout)
  return (send) => inTime(send, timeout, store)
}

/** @throws StoreConfigError when it is no such duration, in milliseconds */
export function requireTimeout(store: string, ms: unknown, option = 'timeout', bounds = TIMER): void {
  const fault = durationFault(ms, bounds)
  if (fault !== undefined) throw new StoreConfigError(store, `${option}: ${fault}`)
}
