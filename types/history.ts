import type { Problem } from './session.js'

/** The events that end a session, or refuse it, or tell under which id it goes on and whose it is. */
export type Ending =
  | 'regenerated'
  | 'identified'
  | 'destroyed'
  | 'revoked'
  | 'cleared'
  | 'expired'
  | 'refused'
  | 'evicted'

/** One such event, as it is kept. */
export interface HistoryEntry {
  readonly event: Ending
  /** When it happened last, in ms since the epoch. */
  readonly at: number
  /** How often the same was seen: a browser sends a cookie that is refused again and again. */
  readonly times: number
  readonly session?: string | undefined
  readonly store?: string | undefined
  readonly id?: string | undefined
  readonly formerId?: string | undefined
  readonly subject?: string | undefined
  readonly formerSubject?: string | undefined
  /** The route of the request as the app names it: `POST /sign-out`. */
  readonly route?: string | undefined
  readonly problem?: Exclude<Problem, 'expired'> | undefined
  readonly by?: 'idle' | 'absolute' | 'revoke' | 'limit' | undefined
  readonly cut?: 'user' | 'rights' | undefined
  readonly key?: string | undefined
  readonly during?: 'load' | 'save' | undefined
  /** When the session began, in ms since the epoch, where a cookie tells. */
  readonly createdAt?: number | undefined
}

/** What is known of the end of a session, or of a user's. */
export interface Why {
  /** The id or the user that was asked for. */
  readonly asked: string
  /** Whether a session of that id, or of that user, lives; `undefined` where its store could not be asked. */
  readonly isAlive: boolean | undefined
  /** What ended it, in a sentence or two; or that it lives; or that nothing here ended it. */
  readonly reason: string
  /** What was noted of it, the newest first. */
  readonly entries: readonly HistoryEntry[]
  /**
   * Cookies that were refused and did not tell whose they are, the newest first: with a broken seal, or a key that is not
   * in the ring.
   */
  readonly unknown: readonly HistoryEntry[]
}
