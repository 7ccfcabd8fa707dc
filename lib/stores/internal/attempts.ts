/** What ends the attempts. */
export interface Done<T> {
  readonly value: T
}

export function done<T>(value: T): Done<T> {
  return { value }
}

/**
 * Attempts something until it is done. An attempt that answers `undefined` was overtaken: another writer got through,
 * so this ends, unless the engine is broken.
 *
 * @param what What the error says was overtaken: the store and what it was about.
 */
export async function attempts<T>(what: string, attempt: () => Promise<Done<T> | undefined>, most = 200): Promise<T> {
  for (let turn = 0; turn < most; turn++) {
    const ended = await attempt()
    if (ended) return ended.value
  }
  throw new Error(`${what} was overtaken by other writers ${most} times`)
}
