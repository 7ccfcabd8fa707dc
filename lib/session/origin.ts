import type { Problem } from '../../types/session.js'
import type { Version } from '../../types/store.js'
import type { SessionRecord } from '../records/record.js'
import type { Ticket } from '../records/ticket.js'
import type { End } from './lifetime.js'

/** The record that a session goes on from. */
export interface Origin {
  readonly text: string
  readonly record: SessionRecord
  /** When it ends, in ms since the epoch. */
  readonly expires: number
  /** The value of its cookie, where the sealed-value cache has that. */
  readonly cachedValue?: string | undefined
  /** The value of its cookie, and when that was opened, in ms since the epoch; on the cookie store only. */
  readonly came?: { readonly value: string; readonly at: number } | undefined
  /** On a record store only. */
  readonly location?: Location | undefined
}

/** Where a record is kept, and what the browser's cookie says of it. */
export interface Location {
  readonly id: string
  readonly version: Version
  /** `undefined` for a request that gets no cookie of this record. */
  readonly ticket: Ticket | undefined
}

/** What was found of a session, or why there is none. */
export interface Loaded {
  readonly origin?: Origin
  readonly problem?: Problem | undefined
  /** A record that was not looked into: all that may be done with it is to end it. */
  readonly unread?: Origin
  /** The cookie was sealed with an older key. */
  readonly isStale?: boolean
  /** The store failed and the app goes on without it: nothing is to be saved. */
  readonly isDetached?: boolean
  readonly arrival?: Arrival | undefined
  /** The value of its cookie, on a record store. */
  readonly value?: string | undefined
  /** What else is known where there is a problem. */
  readonly refusal?: Refusal | undefined
}

/** What is known of a session that could not be had. */
export interface Refusal {
  /** The value of its cookie. */
  readonly value: string
  readonly id?: string | undefined
  readonly subject?: string | undefined
  /** In ms since the epoch. */
  readonly createdAt?: number | undefined
  /** Of one that has expired. */
  readonly end?: End | undefined
}

/** The session was one of another plugin, and the browser does not know yet that it is one of ours. */
export interface Arrival {
  /** Whether its record is in the store. */
  readonly isStored: boolean
  /** The package that made it. */
  readonly peer: string
}

/** What a session is to be stored as. */
export interface Encoded {
  readonly text: string
  readonly record: SessionRecord
  readonly expires: number
  /** Whether to parse the text would give the very same record, of which nobody else holds a part. */
  readonly isExact: boolean
}

/** The same record for a request that gets no cookie of it. */
export function withoutTicket(origin: Origin): Origin {
  return { ...origin, location: origin.location && { ...origin.location, ticket: undefined } }
}

/** The same record with another ticket. */
export function withTicket(origin: Origin, ticket: Ticket): Origin {
  return { ...origin, location: origin.location && { ...origin.location, ticket } }
}

/** The id of a record on a record store. */
export function idOf(origin: Origin): string {
  return (origin.location as Location).id
}

/** The version of a record on a record store. */
export function versionOf(origin: Origin): Version {
  return (origin.location as Location).version
}
