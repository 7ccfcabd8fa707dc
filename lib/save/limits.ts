import type { Job } from '../records/rounds.js'
import type { SessionState } from '../session/state.js'
import { enter, isEntered } from './subject-changes.js'

/** The code for limits. It is loaded when the app starts, if one of its definitions has a limit. */
let limits: typeof import('./subject-limit.js') | undefined

/** Loads the code for limits. Called once the definitions are known, before any request. */
export async function loadLimits(): Promise<void> {
  limits = await import('./subject-limit.js')
}

/**
 * Enters a session before its record is written.
 * @throws FST_SESSIONS_LIMIT when its user has as many sessions as allowed
 */
export function enterAll(state: SessionState, subjects: readonly string[], now: number): Job<void> {
  return limits === undefined ? enter(state, subjects, now) : limits.enterWithinLimit(state, subjects, now)
}

/** Whether a written session is still listed for all its subjects, and within the limit. */
export function areAllEntered(state: SessionState, subjects: readonly string[], now: number): Job<boolean> {
  return limits === undefined ? isEntered(state, subjects) : limits.isEnteredWithinLimit(state, subjects, now)
}

/**
 * The same for a session that is taken over from another plugin. It is never refused, because nobody should lose it.
 */
export function isArrivedEntered(state: SessionState, subjects: readonly string[], now: number): Job<boolean> {
  return limits === undefined ? isEntered(state, subjects) : limits.isArrivedWithinLimit(state, subjects, now)
}
