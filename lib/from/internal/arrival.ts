import type { Arrival, Origin } from '../../session/origin.js'
import type { Mapped } from './mapping.js'
import type { OldSession, Peer } from './peer.js'
import type { Berth } from './stored-arrivals.js'

/** The sessions of another plugin, and the app's mapping of them. */
export interface Former {
  readonly peer: Peer
  readonly mapped: Mapped
}

/** An old session that is becoming a session of this plugin. */
export interface OldArrival extends Arrival {
  readonly former: Former
  readonly old: OldSession
  readonly berth: Berth
  /** The old session as a record of this plugin, before the request changed it. */
  readonly mapped: Origin
  /** When its cookie was opened, in ms since the epoch. */
  readonly openedAt: number
}
