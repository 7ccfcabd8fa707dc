import type { Problem } from '../../types/session.js'
import type { Version } from '../../types/store.js'
import type { SessionRecord, Ticket } from '../records/record.js'

/** The record that a session goes on from. */
export interface Source {
  readonly text: string
  readonly record: SessionRecord
  /** When it ends, in ms since the epoch. */
  readonly expires: number
  /** The value of its cookie, if that was there a moment ago. */
  readonly recentValue?: string | undefined
  /** The value of its cookie, and when that was opened, in ms since the epoch; on the cookie store only. */
  readonly came?: { readonly value: string; readonly at: number } | undefined
  /** Where it is kept; absent on the cookie store. */
  readonly kept?: { readonly id: string; readonly version: Version; readonly ticket: Ticket | undefined } | undefined
}

/** The same record for somebody who gets no cookie of it. */
export function withoutTicket(source: Source): Source {
  return { ...source, kept: source.kept && { ...source.kept, ticket: undefined } }
}

/** What became of the cookie that came, or that none came. */
export interface Loaded {
  readonly source?: Source
  readonly problem?: Problem | undefined
  /** What is stored but was not looked into: all that may be done with it is to end it. */
  readonly unread?: Source
  /** Sealed with an older key. */
  readonly isStale?: boolean
  /** The store failed and the app goes on without: nothing is to be saved. */
  readonly isDetached?: boolean
}

/** What a session is to be stored as. */
export interface Encoded {
  readonly text: string
  readonly record: SessionRecord
  readonly expires: number
  /** Whether to parse the text would give the very same record, of which nobody else holds a part. */
  readonly isExact: boolean
}
