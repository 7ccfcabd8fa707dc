import type { SessionState } from '../session/state.js'

/** The errors by name of the session. */
export type Failures = Map<string, Error>

/** Adds an error to the failures so far. */
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
