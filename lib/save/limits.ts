import type { Job } from '../records/rounds.js'
import type { SessionState } from '../session/state.js'
import { enter, isEntered } from './subject-changes.js'

/** What holds limits; loaded when the app starts, if one of its definitions has a limit. */
let limits: typeof import('./subject-limit.js') | undefined

/** Called once the definitions are known, before any request. */
export async function loadLimits(): Promise<void> {
  limits = await import('./subject-limit.js')
}

/** Enters a session that is about to be written. @throws FST_SESSIONS_LIMIT when its user has as many as may be */
export function enterAll(state: SessionState, subjects: readonly string[], now: number): Job<void> {
  return limits === undefined ? enter(state, subjects, now) : limits.enterWithinLimit(state, subjects, now)
}

/** Whether a session that was written is still entered everywhere, and none too many. */
export function areAllEntered(state: SessionState, subjects: readonly string[], now: number): Job<boolean> {
  return limits === undefined ? isEntered(state, subjects) : limits.isEnteredWithinLimit(state, subjects, now)
}

/** The same for a session that comes from another plugin, which nobody is to lose: it is never refused. */
export function isArrivedEntered(state: SessionState, subjects: readonly string[], now: number): Job<boolean> {
  return limits === undefined ? isEntered(state, subjects) : limits.isArrivedWithinLimit(state, subjects, now)
}
