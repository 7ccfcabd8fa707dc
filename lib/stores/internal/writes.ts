import type { Awaitable } from '../../../types/store.js'

/** All the results, or the first error; either way nothing is under way any more. */
export async function allDone<T>(under: readonly Awaitable<T>[]): Promise<readonly T[]> {
  const settled = await Promise.allSettled(under)
  return settled.map((done) => {
    if (done.status === 'rejected') throw done.reason
    return done.value
  })
}
