import type { Job } from '../records/rounds.js'
import type { Encoded } from '../session/origin.js'
import type { SessionState } from '../session/state.js'
import type { Outcome } from './outcome.js'

/** What is to be done for one session, decided and encoded before anything is written. */
export interface Task {
  readonly state: SessionState
  readonly encoded: Encoded | undefined
  /** `undefined`: nothing to be done at the store. */
  readonly job: Job<Outcome> | undefined
  /** It changes nothing but when the session ends, or its seal: where that fails, whoever only reads gets the page. */
  readonly isRenewal: boolean
  /** How that went. */
  settled: PromiseSettledResult<Outcome> | undefined
  /** The browser is told of it by a cookie. */
  setsCookie: boolean
}

export function taskFor(state: SessionState, encoded: Encoded | undefined, job?: Job<Outcome>): Task {
  return { state, encoded, job, isRenewal: false, settled: undefined, setsCookie: false }
}

export function renewalFor(state: SessionState, encoded: Encoded | undefined, job?: Job<Outcome>): Task {
  return { state, encoded, job, isRenewal: true, settled: undefined, setsCookie: false }
}
