import type { SessionState } from '../session/state.js'

/** By the name of the session that each is about. */
export type Failures = Map<string, Error>

/** The failures there are so far, with one more. */
export function withFailure(failures: Failures | undefined, { definition }: SessionState, reason: unknown): Failures {
  return (failures ?? new Map()).set(definition.name, asError(reason))
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
