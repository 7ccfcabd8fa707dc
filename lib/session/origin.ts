import type { Problem } from '../../types/session.js'
import type { Version } from '../../types/store.js'
import type { SessionRecord } from '../records/record.js'
import type { Ticket } from '../records/ticket.js'
import type { End } from './lifetime.js'

/** The stored record on which a session is based. */
export interface Origin {
  readonly text: string
  readonly record: SessionRecord
  /** When the record ends, in ms since the epoch. */
  readonly expires: number
  /** The value of its cookie, if that is in the cache of sealed values. */
  readonly cachedValue?: string | undefined
  /** The value of its cookie, and when the cookie was opened, in ms since the epoch. On the cookie store only. */
  readonly came?: { readonly value: string; readonly at: number } | undefined
  /** Where the record is stored. On a record store only. */
  readonly location?: Location | undefined
}

/** Where a record is stored, and what the browser's cookie says about it. */
export interface Location {
  readonly id: string
  readonly version: Version
  /** The content of the browser's cookie; `undefined` if this request must not get a cookie for the record. */
  readonly ticket: Ticket | undefined
}

/** What loading a session found, or why it found nothing. */
export interface Loaded {
  readonly origin?: Origin
  readonly problem?: Problem | undefined
  /** A record that was not parsed. All that can be done with it is to end it. */
  readonly unread?: Origin
  /** Whether the cookie was sealed with an older key. */
  readonly isStale?: boolean
  /** Whether the store failed and the request goes on without it. Nothing is saved then. */
  readonly isDetached?: boolean
  readonly arrival?: Arrival | undefined
  /** The value of its cookie. On a record store only. */
  readonly value?: string | undefined
  /** Details about a cookie that gave no session. */
  readonly refusal?: Refusal | undefined
}

/** What is known about a session that could not be loaded. */
export interface Refusal {
  /** The value of its cookie. */
  readonly value: string
  readonly id?: string | undefined
  readonly subject?: string | undefined
  /** When it began, in ms since the epoch. */
  readonly createdAt?: number | undefined
  /** When and why it ended, if it has expired. */
  readonly end?: End | undefined
}

/** Marks a session that is taken over from another plugin until the browser has a cookie of this one. */
export interface Arrival {
  /** Whether its record is in the store already. */
  readonly isStored: boolean
  /** The package that created it. */
  readonly peer: string
}

/** A session encoded for storage. */
export interface Encoded {
  readonly text: string
  readonly record: SessionRecord
  readonly expires: number
  /** Whether parsing the text would give exactly this record, and nobody else holds a reference to a part of it. */
  readonly isExact: boolean
}

/** Returns the record without its ticket, for a request that must not get a cookie for it. */
export function withoutTicket(origin: Origin): Origin {
  return { ...origin, location: origin.location && { ...origin.location, ticket: undefined } }
}

/** Returns the record with another ticket. */
export function withTicket(origin: Origin, ticket: Ticket): Origin {
  return { ...origin, location: origin.location && { ...origin.location, ticket } }
}

/** Returns the id of a record on a record store. */
export function idOf(origin: Origin): string {
  return (origin.location as Location).id
}

/** Returns the version of a record on a record store. */
export function versionOf(origin: Origin): Version {
  return (origin.location as Location).version
}
