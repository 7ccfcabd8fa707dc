import type { Awaitable } from '../../types/store.js'

/** A store may give any thenable. */
export function isPromise<T>(answer: Awaitable<T> | unknown): answer is Promise<T> {
  return typeof answer === 'object' && answer !== null && typeof (answer as Promise<T>).then === 'function'
}

/** `next` of an answer: now, where the answer is there, so that nobody waits for nothing. */
export function andThen<T, Next>(answer: Awaitable<T>, next: (answer: T) => Awaitable<Next>): Awaitable<Next> {
  return isPromise(answer) ? answer.then(next) : next(answer)
}

/** What `work` gives, or what `failed` makes of the error that it throws or rejects with. */
export function orElse<T>(work: () => Awaitable<T>, failed: (cause: unknown) => Awaitable<T>): Awaitable<T> {
  try {
    const answer = work()
    return isPromise(answer) ? answer.then(undefined, failed) : answer
  } catch (cause) {
    return failed(cause)
  }
}
