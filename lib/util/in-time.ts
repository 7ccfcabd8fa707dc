/** A store did not answer in time. The outcome of the call is unknown: it may still succeed. */
export class NoAnswerError extends Error {
  constructor(store: string, timeout: number) {
    super(`${store} store: no answer within ${timeout} ms`)
  }
}

/**
 * Calls `ask`, and rejects with a `NoAnswerError` if there is no answer within `timeout` ms. It then aborts the signal
 * that `ask` got. The call may still succeed; its outcome is ignored.
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

/** Calls `ask`, and turns an error into a rejection, because some clients throw where they should reject. */
function asked<T>(ask: (late: AbortSignal) => PromiseLike<T>, late: AbortSignal): PromiseLike<T> {
  try {
    return ask(late)
  } catch (error) {
    return Promise.reject(error)
  }
}
