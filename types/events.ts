import type { FastifyRequest } from 'fastify'
import type { Sessions } from './register.js'
import type { Problem } from './session.js'
import type { Version } from './store.js'

/*
 * Events that the plugin publishes on channels of `node:diagnostics_channel`, and writes to the log at level `debug`.
 * No event contains a value of a session, a key, or the value of a cookie.
 */

interface EventOf<Kind extends string> {
  /** The kind of event: the part of the channel's name after `fastify-sessions.` */
  readonly event: Kind
  /** When it happened, in ms since the epoch. */
  readonly at: number
  /** The `app.sessions` of the app in which it happened, because a process may have several apps. */
  readonly sessions: Sessions
  /** The name of the store, `'cookie'` for the cookie store. `undefined` for an event that concerns all stores. */
  readonly store: string | undefined
}

interface SessionEventOf<Kind extends string> extends EventOf<Kind> {
  readonly store: string
  /** The name of the session in the options. */
  readonly session: string
  /**
   * The id that `session.id` returns; no cookie can be made from it. `undefined` on the cookie store, and when it is
   * unknown.
   */
  readonly id: string | undefined
  /** The user that `identify()` named. `undefined` if the session belongs to nobody, or the user is unknown. */
  readonly subject: string | undefined
  /** The request in which it happened, including the cookies in its headers. `undefined` outside of a request. */
  readonly request: FastifyRequest | undefined
}

/** An event that took time. */
interface Timed {
  /**
   * How long it took, in ms. If several sessions were read or saved in one trip to the store, the duration of that
   * trip.
   */
  readonly duration: number
}

/** A handler or a hook asked for the session for the first time in its request. */
export interface OpenedEvent extends SessionEventOf<'opened'> {
  /** Whether the session has never been stored. */
  readonly isNew: boolean
  /** Why the browser's cookie gave no session; `undefined` if there is no problem. */
  readonly problem: Problem | undefined
}

/** The browser's cookie was good, and its session was found. */
export interface LoadedEvent extends SessionEventOf<'loaded'>, Timed {
  /** The id of the key that sealed the cookie, in hex. It reveals nothing about the key. */
  readonly key: string | undefined
  /** Whether the cookie was sealed with an older key. It is then sealed anew with this response. */
  readonly isStale: boolean
  /** The record's version in its store; `undefined` on the cookie store. */
  readonly version: Version | undefined
}

interface Written extends Timed {
  /** How many keys and kinds of messages were changed, with `persist()` and `identify()` counting as one each. */
  readonly changes: number
  /** The version of the record that is stored now; `undefined` on the cookie store. */
  readonly version: Version | undefined
}

/** A new session was stored for the first time. */
export interface CreatedEvent extends SessionEventOf<'created'>, Written {}

/** Changes of a stored session were saved, and no other request had changed it meanwhile. */
export interface SavedEvent extends SessionEventOf<'saved'>, Written {}

/**
 * Changes were saved after other requests had changed the session meanwhile: they were replayed on what those requests
 * stored.
 */
export interface ReplayedEvent extends SessionEventOf<'replayed'>, Written {
  /** How often the changes were replayed, from 1. */
  readonly times: number
  /** The version of the record on which the changes were last replayed. */
  readonly on: Version | undefined
}

/** The session was used, and the end of its record was moved. */
export interface TouchedEvent extends SessionEventOf<'touched'>, Timed {
  /** When the session ends now, in ms since the epoch. */
  readonly expires: number
}

/**
 * The response sets the cookie again without a change to the session: for a later end, or sealed with the present key.
 */
export interface RenewedEvent extends SessionEventOf<'renewed'> {
  /** When the session ends, in ms since the epoch. */
  readonly expires: number
}

/** The session has a new id. */
export interface RegeneratedEvent extends SessionEventOf<'regenerated'>, Timed {
  /** The id that was replaced. */
  readonly formerId: string | undefined
  /**
   * Why the old id was cut off: a sign-in (`'user'`) or `newRights` (`'rights'`). `undefined` if it was not cut off.
   */
  readonly cut: 'user' | 'rights' | undefined
}

/** The session belongs to another user than before. `subject` is the new user. */
export interface IdentifiedEvent extends SessionEventOf<'identified'> {
  /** The user to whom the session belonged before; `undefined` if it belonged to nobody. */
  readonly formerSubject: string | undefined
}

/** `destroy()` ended the session. */
export interface DestroyedEvent extends SessionEventOf<'destroyed'>, Timed {}

/** `app.sessions.revoke()` ended the session, or a limit did. */
export interface RevokedEvent extends Omit<SessionEventOf<'revoked'>, 'session'>, Timed {
  /** The session's name; `undefined` when only its id was known. */
  readonly session: string | undefined
  readonly by: 'revoke' | 'limit'
}

/** `app.sessions.clear()` ended all sessions that had begun by `clearedAt`. */
export interface ClearedEvent extends EventOf<'cleared'>, Timed {
  /** The time of the clearing, in ms since the epoch. */
  readonly clearedAt: number
}

/** A cookie came whose session has passed the end of its lifetime. */
export interface ExpiredEvent extends SessionEventOf<'expired'> {
  /** Which lifetime has passed: the session was not used for `idle` seconds, or is older than `absolute`. */
  readonly by: 'idle' | 'absolute'
  /**
   * When it expired, in ms since the epoch; when that was noticed, if only the seal of a Go app tells that it has expired.
   */
  readonly expiredAt: number
}

/** A cookie gave no session for another reason than its age, or the session was ended elsewhere while a request ran. */
export interface RefusedEvent extends SessionEventOf<'refused'> {
  readonly problem: Exclude<Problem, 'expired'>
  /** The id of the key that the cookie names, in hex. */
  readonly key: string | undefined
  /**
   * When it was noticed: when the cookie was read, or when a change was to be saved because the session was ended while
   * the request ran.
   */
  readonly during: 'load' | 'save'
  /** When the session began, in ms since the epoch. `undefined` if the cookie does not tell. */
  readonly createdAt: number | undefined
}

/** A session of another plugin was taken over as this one. */
export interface CarriedEvent extends SessionEventOf<'carried'> {
  /** The package that created the session. */
  readonly peer: string
}

/** A store evicted a live record to make room. Only `memoryStore()` reports it: engines evict silently. */
export interface EvictedEvent extends EventOf<'evicted'> {
  readonly store: string
  readonly id: string
}

/** A store removed records that had expired. */
export interface SweptEvent extends EventOf<'swept'>, Timed {
  readonly store: string
  readonly removed: number
}

/**
 * A call to a store failed. The engine's own message appears only in the log, because it may contain addresses and
 * commands.
 */
export interface FailedEvent extends EventOf<'failed'>, Timed {
  readonly store: string
  /** The session's name; `undefined` when the call did not concern a single session. */
  readonly session: string | undefined
  readonly id: string | undefined
  readonly request: FastifyRequest | undefined
  readonly operation: 'load' | 'save' | 'sweep'
  /** The `code` of the error, or its name if it has none. */
  readonly code: string
}

/** The types of all events, by name. */
export interface SessionEvents {
  opened: OpenedEvent
  loaded: LoadedEvent
  created: CreatedEvent
  saved: SavedEvent
  replayed: ReplayedEvent
  touched: TouchedEvent
  renewed: RenewedEvent
  regenerated: RegeneratedEvent
  identified: IdentifiedEvent
  destroyed: DestroyedEvent
  revoked: RevokedEvent
  cleared: ClearedEvent
  expired: ExpiredEvent
  refused: RefusedEvent
  carried: CarriedEvent
  evicted: EvictedEvent
  swept: SweptEvent
  failed: FailedEvent
}

/** Any event; `event` tells which. */
export type SessionEvent = SessionEvents[keyof SessionEvents]

/**
 * The message on the tracing channels `fastify-sessions.load` and `fastify-sessions.save`: one trip to one store, for
 * one or more sessions of a request. Subscribers get the same object from start to end, so they can keep a span on it.
 */
export interface StoreTrip {
  readonly sessions: Sessions
  /** The name of the store. */
  readonly store: string
  /** The names of the sessions. */
  readonly names: readonly string[]
  readonly request: FastifyRequest | undefined
  /**
   * Whether the store answers later, so that the trip goes on after `end` and ends with `asyncEnd`. Known when `end` is
   * called; `false` before.
   */
  isAsync: boolean
  /** The error with which the trip failed; absent until then. */
  error?: unknown
}
