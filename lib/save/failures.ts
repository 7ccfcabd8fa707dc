import { SaveError } from '../errors.js'
import type { SessionState } from '../session/state.js'

/** What `run` gives for each item; if it throws for some, one error for all of these. @throws FST_SESSIONS_SAVE */
export function eachOrThrow<Item, Result>(
  items: readonly Item[],
  stateFor: (item: Item) => SessionState,
  run: (item: Item) => Result | undefined
): readonly Result[] {
  const results: Result[] = []
  let errors: Map<string, Error> | undefined
  for (const item of items) {
    try {
      const result = run(item)
      if (result !== undefined) results.push(result)
    } catch (error) {
      errors ??= new Map()
      errors.set(stateFor(item).definition.name, asError(error))
    }
  }
  if (errors !== undefined) throw new SaveError(errors)
  return results
}

export function logUnrenewed({ log, definition }: SessionState, error: unknown): void {
  log.warn(
    { session: definition.name, err: error },
    'the session could not be renewed: it ends as it would have without this use'
  )
}

export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
