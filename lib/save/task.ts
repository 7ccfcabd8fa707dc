import type { Job } from '../records/rounds.js'
import type { Encoded } from '../session/origin.js'
import type { SessionState } from '../session/state.js'
import type { Outcome } from './outcome.js'

/** The work to do for one session, decided and encoded before anything is written. */
export interface Task {
  readonly state: SessionState
  readonly encoded: Encoded | undefined
  /** The work at the store; `undefined` if there is none. */
  readonly job: Job<Outcome> | undefined
  /**
   * Whether the task only moves the session's end or renews its seal. If that fails, the response is sent all the same.
   */
  readonly isRenewal: boolean
  /** The result of the job. */
  settled: PromiseSettledResult<Outcome> | undefined
  /** Whether the response sets a cookie for it. */
  setsCookie: boolean
}

export function taskFor(state: SessionState, encoded: Encoded | undefined, job?: Job<Outcome>): Task {
  return { state, encoded, job, isRenewal: false, settled: undefined, setsCookie: false }
}

export function renewalFor(state: SessionState, encoded: Encoded | undefined, job?: Job<Outcome>): Task {
  return { state, encoded, job, isRenewal: true, settled: undefined, setsCookie: false }
}
