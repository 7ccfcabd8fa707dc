import type { SessionEvent } from './events.js'
import type { Problem } from './session.js'
import type { Version } from './store.js'

/*
 * What `fastify-sessions/inspector/parts` gives to pages of an app's own. Nothing of it holds a value of a session.
 */

/** One session as a request's browser has it. */
export interface SessionLook {
  /** Its name in the options. */
  readonly session: string
  /** The name of its store, `'cookie'` for the cookie store. */
  readonly store: string
  /** `undefined`: the browser sent none. */
  readonly cookie: CookieLook | undefined
  /** What is stored of it; `undefined` where it has not begun, or can't be read. */
  readonly stored: StoredLook | undefined
  /** Why the browser's cookie gives no session. */
  readonly problem: Problem | undefined
  /** Why it could not be read, in words that hold no values. */
  readonly failure: string | undefined
  /** The version of the schema that the app has now. */
  readonly schemaVersion: number
}

export interface CookieLook {
  readonly name: string
  /** Of name and value, of each of the cookies that the session is split into. */
  readonly bytes: readonly number[]
  /** The most that browsers keep of one cookie. */
  readonly mostBytes: number
  /** The id of the key that sealed it, in hex; it tells nothing of the key. */
  readonly key: string | undefined
}

export interface StoredLook {
  /** What `session.id` gives; `undefined` on the cookie store. */
  readonly id: string | undefined
  /** As the store counts it; `undefined` on the cookie store. */
  readonly version: Version | undefined
  /** The version of the schema under which it was stored. */
  readonly schemaVersion: number
  readonly bytes: number
  /** The most that the session may have in its store. */
  readonly mostBytes: number
  readonly subjects: readonly string[]
  /** How many messages wait to be read. */
  readonly flashes: number
  /** When it began, when it ends unless it is used, and when it ends in any case, in ms since the epoch. */
  readonly createdAt: number
  readonly expires: number
  readonly latestEnd: number
}

/** How an event is to be looked at: it read, changed, changed something anew on newer data, ended, or went wrong. */
export type Tone = 'read' | 'write' | 'replay' | 'end' | 'fault'

/** One thing that happened to a session. */
export interface LoggedStep {
  readonly event: SessionEvent['event']
  /** `''` for what concerns no single session. */
  readonly session: string
  /** What happened, as the log says it, without session, time and store. */
  readonly words: string
  /** In ms; `undefined` for what takes none. */
  readonly duration: number | undefined
  /** `''` for what concerns all of them. */
  readonly store: string
}

/** One request, with what it did to sessions. */
export interface LoggedRequest {
  /** Counts the requests of this log, from 1. */
  readonly id: number
  /** In ms since the epoch. */
  readonly at: number
  /** `''`: it happened outside of a request. */
  readonly method: string
  /** The route's pattern, not the URL, in which secrets could stand. */
  readonly route: string
  readonly steps: readonly LoggedStep[]
  /** Steps beyond the fifty that are kept. */
  readonly more: number
}

/** The last requests that had to do with sessions. */
export interface RequestLog {
  /** The newest first. */
  readonly rows: readonly LoggedRequest[]
  /** Gives the request that the event belongs to. */
  note(event: SessionEvent): LoggedRequest
}
