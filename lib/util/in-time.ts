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
