import { StoreConfigError } from '../../errors.js'
import { durationFault, TIMER } from '../../util/durations.js'
import { inTime } from '../../util/in-time.js'

/** The default time that a store waits for an answer, in milliseconds. */
export const defaultTimeout = 5000

/** Sends a request to the engine, and rejects when there is no answer in time. `late` is aborted at that moment. */
export type Ask = <T>(send: (late: AbortSignal) => PromiseLike<T>) => Promise<T>

/**
 * Returns the function through which a store sends its requests, each with a time limit of its own.
 *
 * @param timeout The limit in milliseconds.
 * @throws StoreConfigError when it is not a duration that a timer can wait
 */
export function asking(timeout: number, store: string): Ask {
  requireTimeout(store, timeout)
  return (send) => inTime(send, timeout, store)
}

/** @throws StoreConfigError when `ms` is not a number of milliseconds within the bounds */
export function requireTimeout(store: string, ms: unknown, option = 'timeout', bounds = TIMER): void {
  const fault = durationFault(ms, bounds)
  if (fault !== undefined) throw new StoreConfigError(store, `${option}: ${fault}`)
}
