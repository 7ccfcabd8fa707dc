import type { Awaitable } from '../../../types/store.js'

/**
 * Resolves to all results, or rejects with the first error, once every write has settled: none is under way any more.
 */
export async function allDone<T>(under: readonly Awaitable<T>[]): Promise<readonly T[]> {
  const settled = await Promise.allSettled(under)
  return settled.map((done) => {
    if (done.status === 'rejected') throw done.reason
    return done.value
  })
}
