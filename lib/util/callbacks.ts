/** The callback of stores for express-session. */
export type Callback = (error?: unknown, value?: unknown) => void

/**
 * Calls a store with a callback and returns a promise. An ENOENT error counts as an absent session: stores on files
 * report it, and express-session treats it so too.
 */
export function called(call: (done: Callback) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done: Callback = (error, value) => {
      if (!error || (error as { code?: unknown }).code === 'ENOENT') resolve(value)
      else reject(error)
    }
    // Some stores are async functions, which may reject in addition to calling back.
    Promise.resolve(call(done)).catch(reject)
  })
}
