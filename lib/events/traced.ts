import type { TracingChannel } from 'node:diagnostics_channel'
import type { StoreTrip } from '../../types/events.js'
import type { Awaitable } from '../../types/store.js'
import { isPromise } from '../util/awaitable.js'

/**
 * What `tracePromise` of Node does, for work that may be done at once, when there is no asynchronous part to tell of, and
 * that never throws: whether it failed, its answer says. All of it runs in the context that subscribers bind to `start`,
 * so that spans of the store's driver hang in theirs.
 */
export function traced<T>(
  channel: TracingChannel,
  trip: StoreTrip,
  work: () => Awaitable<T>,
  failureOf: (answer: T) => unknown
): Awaitable<T> {
  const note = (answer: T) => {
    const error = failureOf(answer)
    if (error === undefined) return
    trip.error = error
    channel.error.publish(trip)
  }
  const settle = (answer: T) => {
    note(answer)
    channel.asyncStart.publish(trip)
    channel.asyncEnd.publish(trip)
    return answer
  }
  return channel.start.runStores(trip, () => {
    const answer = work()
    if (isPromise<T>(answer)) {
      trip.isAsync = true
      const settled = answer.then(settle)
      channel.end.publish(trip)
      return settled
    }
    note(answer as T)
    channel.end.publish(trip)
    return answer
  }) as Awaitable<T>
}
