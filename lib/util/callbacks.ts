/** Of stores made for express-session. */
export type Callback = (error?: unknown, value?: unknown) => void

/** Stores on files say ENOENT for a session that is absent; express-session takes it so, too. */
export function called(call: (done: Callback) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done: Callback = (error, value) => {
      if (!error || (error as { code?: unknown }).code === 'ENOENT') resolve(value)
      else reject(error)
    }
    // Some stores are async functions, which may reject besides calling back.
    Promise.resolve(call(done)).catch(reject)
  })
}
