import type { Arrival, Origin } from '../../session/origin.js'
import type { Mapped } from './mapping.js'
import type { OldSession, Peer } from './peer.js'
import type { Berth } from './stored-arrivals.js'

/** Sessions of one plugin, and what the app makes of them. */
export interface Former {
  readonly peer: Peer
  readonly mapped: Mapped
}

/** An old session on its way to be one of ours. */
export interface OldArrival extends Arrival {
  readonly former: Former
  readonly old: OldSession
  readonly berth: Berth
  /** What it is as a record of ours, before the request changed it. */
  readonly mapped: Origin
  /** When its cookie was opened, in ms since the epoch. */
  readonly openedAt: number
}
