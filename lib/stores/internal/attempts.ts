/** What an attempt returns to end the loop of `attempts`. */
export interface Done<T> {
  readonly value: T
}

export function done<T>(value: T): Done<T> {
  return { value }
}

/**
 * Repeats an attempt until it returns a `Done`. An attempt returns `undefined` when another writer came first. Each
 * repetition means that some other writer succeeded, so the loop ends, unless the engine is broken.
 *
 * @param what The store and the operation, as the error names them.
 * @throws Error when the last of `most` attempts was overtaken too; whatever an attempt throws
 */
export async function attempts<T>(what: string, attempt: () => Promise<Done<T> | undefined>, most = 200): Promise<T> {
  for (let turn = 0; turn < most; turn++) {
    const ended = await attempt()
    if (ended) return ended.value
  }
  throw new Error(`${what} was overtaken by other writers ${most} times`)
}
