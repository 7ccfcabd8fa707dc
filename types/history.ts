import type { Problem } from './session.js'

/**
 * The events that the history keeps: those that end or refuse a session, and those that give it a new id or another
 * user.
 */
export type Ending =
  | 'regenerated'
  | 'identified'
  | 'destroyed'
  | 'revoked'
  | 'cleared'
  | 'expired'
  | 'refused'
  | 'evicted'

/** One event of the history. Members that do not apply to it are absent; see the event's type for their meaning. */
export interface HistoryEntry {
  readonly event: Ending
  /** When it last happened, in ms since the epoch. */
  readonly at: number
  /**
   * How often it happened. Repetitions are counted in one entry, because a browser sends a refused cookie again and
   * again.
   */
  readonly times: number
  readonly session?: string | undefined
  readonly store?: string | undefined
  readonly id?: string | undefined
  readonly formerId?: string | undefined
  readonly subject?: string | undefined
  readonly formerSubject?: string | undefined
  /** The route of the request as the app declares it: `POST /sign-out`. */
  readonly route?: string | undefined
  readonly problem?: Exclude<Problem, 'expired'> | undefined
  readonly by?: 'idle' | 'absolute' | 'revoke' | 'limit' | undefined
  readonly cut?: 'user' | 'rights' | undefined
  readonly key?: string | undefined
  readonly during?: 'load' | 'save' | undefined
  /** When the session began, in ms since the epoch, if its cookie tells. */
  readonly createdAt?: number | undefined
}

/** What is known about the end of a session, or of a user's last session. */
export interface Why {
  /** The id or user passed to `why()`. */
  readonly asked: string
  /** Whether a session with that id, or of that user, is alive. `undefined` if a store could not be asked. */
  readonly isAlive: boolean | undefined
  /** What ended the session, in a sentence or two; or that it is alive; or that nothing here ended it. */
  readonly reason: string
  /** The entries about it, newest first. */
  readonly entries: readonly HistoryEntry[]
  /**
   * Refused cookies that can't be assigned to a session, newest first: those with a broken seal, or with a key that is
   * not in the ring.
   */
  readonly unknown: readonly HistoryEntry[]
}
