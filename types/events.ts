import type { FastifyRequest } from 'fastify'
import type { Sessions } from './register.js'
import type { Problem } from './session.js'
import type { Version } from './store.js'

/*
 * What the plugin tells on channels of `node:diagnostics_channel`, and in the log at the level `debug`. Nothing of it holds
 * a value of a session, a key or what a cookie carries.
 */

interface EventOf<Kind extends string> {
  /** What happened: the name of the channel behind `fastify-sessions.` */
  readonly event: Kind
  /** When, in ms since the epoch. */
  readonly at: number
  /** `app.sessions` of the app in which it happened: a process may have several apps. */
  readonly sessions: Sessions
  /** The name of the store, `'cookie'` for the cookie store; `undefined` for what concerns all of them. */
  readonly store: string | undefined
}

interface SessionEventOf<Kind extends string> extends EventOf<Kind> {
  readonly store: string
  /** The name of the session in the options. */
  readonly session: string
  /** What `session.id` gives: no cookie can be made from it. `undefined` on the cookie store, and where it is not known. */
  readonly id: string | undefined
  /** The user, as told to `identify()`; `undefined` for nobody's, and where it is not known. */
  readonly subject: string | undefined
  /** The request that it belongs to, as it is, with the cookies in its headers; `undefined` where there is none. */
  readonly request: FastifyRequest | undefined
}

/** It took so long, in ms; where several sessions were read or saved in one trip to the store, that trip. */
interface Timed {
  readonly duration: number
}

/** A handler or a hook asked for the session, the first time in its request. */
export interface OpenedEvent extends SessionEventOf<'opened'> {
  /** Nothing of it is stored yet. */
  readonly isNew: boolean
  /** Why the browser's cookie gave no session. */
  readonly problem: Problem | undefined
}

/** The browser's cookie was good, and the session is there. */
export interface LoadedEvent extends SessionEventOf<'loaded'>, Timed {
  /** The id of the key that the cookie was sealed with, in hex; it tells nothing of the key. */
  readonly key: string | undefined
  /** The cookie was sealed with an older key: it is sealed anew with this response. */
  readonly isStale: boolean
  /** Of the record, as the store counts it; `undefined` on the cookie store. */
  readonly version: Version | undefined
}

interface Written extends Timed {
  /** How many keys and kinds of messages were changed, and other things that were said of the session. */
  readonly changes: number
  /** Of the record that is stored now, as the store counts it; `undefined` on the cookie store. */
  readonly version: Version | undefined
}

/** A new session was stored for the first time. */
export interface CreatedEvent extends SessionEventOf<'created'>, Written {}

/** Changes of a session that was stored already were saved, and no other request came in between. */
export interface SavedEvent extends SessionEventOf<'saved'>, Written {}

/** Changes were saved, after other requests had changed the session meanwhile: they were made again on what those stored. */
export interface ReplayedEvent extends SessionEventOf<'replayed'>, Written {
  /** How often, from 1. */
  readonly times: number
  /** The version that they were made on at last. */
  readonly on: Version | undefined
}

/** The session was used, and the end of its record was moved for that. */
export interface TouchedEvent extends SessionEventOf<'touched'>, Timed {
  /** When it ends now, in ms since the epoch. */
  readonly expires: number
}

/** The browser was given the cookie anew without a change: for a later end, or with the present key. */
export interface RenewedEvent extends SessionEventOf<'renewed'> {
  /** When the session ends, in ms since the epoch. */
  readonly expires: number
}

/** The session has a new id. */
export interface RegeneratedEvent extends SessionEventOf<'regenerated'>, Timed {
  /** The id that was replaced. */
  readonly formerId: string | undefined
  /** The old id was cut off: by a sign-in, or by `newRights`. */
  readonly cut: 'user' | 'rights' | undefined
}

/** The session belongs to another user than before; `subject` is the new one. */
export interface IdentifiedEvent extends SessionEventOf<'identified'> {
  readonly formerSubject: string | undefined
}

/** `destroy()` ended the session. */
export interface DestroyedEvent extends SessionEventOf<'destroyed'>, Timed {}

/** `app.sessions.revoke()` ended the session, or a limit did. */
export interface RevokedEvent extends Omit<SessionEventOf<'revoked'>, 'session'>, Timed {
  /** `undefined` where only the id was given. */
  readonly session: string | undefined
  readonly by: 'revoke' | 'limit'
}

/** `app.sessions.clear()` ended all sessions that began until then. */
export interface ClearedEvent extends EventOf<'cleared'>, Timed {
  /** In ms since the epoch. */
  readonly clearedAt: number
}

/** A cookie came whose session has reached the end of its life. */
export interface ExpiredEvent extends SessionEventOf<'expired'> {
  /** It was not used for so long, or is as old as it may get; `undefined` where the cookie alone tells. */
  readonly by: 'idle' | 'absolute'
  /** When that was, in ms since the epoch. */
  readonly expiredAt: number
}

/** A cookie came that gave no session, for another reason than its age. */
export interface RefusedEvent extends SessionEventOf<'refused'> {
  readonly problem: Exclude<Problem, 'expired'>
  /** The id of the key that it names, in hex. */
  readonly key: string | undefined
  /** It was found when the cookie came, or when a change was to be saved: the session was ended while a request ran. */
  readonly during: 'load' | 'save'
  /** When the session began, in ms since the epoch, where its cookie tells. */
  readonly createdAt: number | undefined
}

/** A session of another plugin goes on as this one. */
export interface CarriedEvent extends SessionEventOf<'carried'> {
  /** The package that made it. */
  readonly peer: string
}

/** A store dropped a live record to make room. Known of `memoryStore()` alone: engines evict without a word. */
export interface EvictedEvent extends EventOf<'evicted'> {
  readonly store: string
  readonly id: string
}

/** A store removed records that had expired. */
export interface SweptEvent extends EventOf<'swept'>, Timed {
  readonly store: string
  readonly removed: number
}

/** A store did not do what it was asked for. The log has its own words, which may hold addresses and commands. */
export interface FailedEvent extends EventOf<'failed'>, Timed {
  readonly store: string
  /** `undefined` where it was not asked for one session. */
  readonly session: string | undefined
  readonly id: string | undefined
  readonly request: FastifyRequest | undefined
  readonly operation: 'load' | 'save' | 'sweep'
  /** The `code` of the error, or its name. */
  readonly code: string
}

/** All events by name. */
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

/** One of all events; `event` tells which. */
export type SessionEvent = SessionEvents[keyof SessionEvents]

/**
 * What subscribers to the tracing channels `fastify-sessions.load` and `fastify-sessions.save` are given: one trip to one
 * store, for one or more sessions of a request. The same object from the start to the end, so that they can keep a span on it.
 */
export interface StoreTrip {
  readonly sessions: Sessions
  /** The name of the store. */
  readonly store: string
  /** The names of the sessions. */
  readonly names: readonly string[]
  readonly request: FastifyRequest | undefined
  /** Once it has failed. */
  error?: unknown
}
