import type { Awaitable } from '../../types/store.js'

/** Whether an answer is a promise. A store may return any thenable. */
export function isPromise<T>(answer: Awaitable<T> | unknown): answer is Promise<T> {
  return typeof answer === 'object' && answer !== null && typeof (answer as Promise<T>).then === 'function'
}

/** Calls `next` with an answer, synchronously unless the answer is a promise. */
export function andThen<T, Next>(answer: Awaitable<T>, next: (answer: T) => Awaitable<Next>): Awaitable<Next> {
  return isPromise(answer) ? answer.then(next) : next(answer)
}

/** Returns the result of `work`, or of `failed` if `work` throws or rejects. */
export function orElse<T>(work: () => Awaitable<T>, failed: (cause: unknown) => Awaitable<T>): Awaitable<T> {
  try {
    const answer = work()
    return isPromise(answer) ? answer.then(undefined, failed) : answer
  } catch (cause) {
    return failed(cause)
  }
}
