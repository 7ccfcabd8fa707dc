import { StoreConfigError } from '../../errors.js'
import { durationFault, TIMER } from '../../util/durations.js'
import { inTime } from '../../util/in-time.js'

/** How long a store waits for an answer unless it is told otherwise, in milliseconds. */
export const defaultTimeout = 5000

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
