import type { SessionEvent } from './events.js'
import type { Problem } from './session.js'
import type { Version } from './store.js'

/*
 * What `fastify-sessions/inspector/parts` provides for an app's own pages. None of it contains a value of a session.
 */

/** One session, as seen by the request's browser. */
export interface SessionLook {
  /** The session's name in the options. */
  readonly session: string
  /** The name of its store, `'cookie'` for the cookie store. */
  readonly store: string
  /** The session's cookie; `undefined` if the browser sent none. */
  readonly cookie: CookieLook | undefined
  /** What is stored for the session; `undefined` if it is new, or can't be read. */
  readonly stored: StoredLook | undefined
  /** Why the browser's cookie gave no session; `undefined` if there is no problem. */
  readonly problem: Problem | undefined
  /** Why the session could not be read, in a sentence that contains no values. */
  readonly failure: string | undefined
  /** The present version of the definition's schema. */
  readonly schemaVersion: number
}

export interface CookieLook {
  readonly name: string
  /** The size of each cookie into which the session is split, name and value together, in bytes. */
  readonly bytes: readonly number[]
  /** The most bytes that browsers accept for one cookie. */
  readonly mostBytes: number
  /** The id of the key that sealed the cookie, in hex. It reveals nothing about the key. */
  readonly key: string | undefined
}

export interface StoredLook {
  /** The id that `session.id` returns; `undefined` on the cookie store. */
  readonly id: string | undefined
  /** The record's version in its store; `undefined` on the cookie store. */
  readonly version: Version | undefined
  /** The version of the schema under which the session was stored. */
  readonly schemaVersion: number
  readonly bytes: number
  /** The most bytes that the session may take up in its store. */
  readonly mostBytes: number
  readonly subjects: readonly string[]
  /** How many flash messages have not been taken yet. */
  readonly flashes: number
  /** When the session began, in ms since the epoch. */
  readonly createdAt: number
  /** When the session ends unless it is used again, in ms since the epoch. */
  readonly expires: number
  /** When the session ends at the latest, however much it is used, in ms since the epoch. */
  readonly latestEnd: number
}

/**
 * The category of an event, for its colour: it read a session, changed one, replayed changes on newer data, ended a
 * session, or reports a fault.
 */
export type Tone = 'read' | 'write' | 'replay' | 'end' | 'fault'

/** One event, prepared for display. */
export interface LoggedStep {
  readonly event: SessionEvent['event']
  /** The session's name; `''` for an event that concerns no single session. */
  readonly session: string
  /** The event's text in the log, without session, time and store. */
  readonly words: string
  /** How long it took, in ms; `undefined` for an event without a duration. */
  readonly duration: number | undefined
  /** The store's name; `''` for an event that concerns all stores. */
  readonly store: string
}

/** One request with the events that happened in it. */
export interface LoggedRequest {
  /** The number of the request in this log, from 1. */
  readonly id: number
  /** When the log first heard of the request, in ms since the epoch. */
  readonly at: number
  /** The request's method; `''` for events outside of a request. */
  readonly method: string
  /** The route's pattern; not the URL, which may contain secrets. */
  readonly route: string
  readonly steps: readonly LoggedStep[]
  /** How many further events there were after the fifty that are kept. */
  readonly more: number
}

/** A log of the most recent requests that used sessions. */
export interface RequestLog {
  /** The requests, newest first. */
  readonly rows: readonly LoggedRequest[]
  /** Adds an event to the log, and returns the request to which it belongs. */
  note(event: SessionEvent): LoggedRequest
}
