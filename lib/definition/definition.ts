import type { InvalidContext, SessionLimit } from '../../types/options.js'
import type { RecordStore } from '../../types/store.js'
import type { Cookie } from '../cookie/cookie.js'
import type { Sealing } from '../cookie/sealed-values.js'
import type { DefinitionEvents } from '../events/definition-events.js'
import type { CircuitBreaker } from '../records/circuit-breaker.js'
import type { SessionRecord } from '../records/record.js'
import type { RecordCache } from '../records/record-cache.js'
import type { Ticket } from '../records/ticket.js'
import type { Codec, ValueCodec } from '../schema/codec.js'
import type { Sealer } from '../seal/sealer.js'
import type { Arrivals } from './arrivals.js'
import type { Superseded } from './superseded.js'

/** The settings of a definition, checked and with defaults. All durations are in milliseconds. */
export interface Settings {
  readonly name: string
  /** The option `app`: the name of the app among those that share a store. */
  readonly app: string | undefined
  readonly codec: Codec
  readonly flashes: ReadonlyMap<string, ValueCodec>
  readonly cookie: Cookie
  readonly idle: number
  readonly absolute: number
  readonly touchAfter: number
  /** Whether every request with its cookie counts as use. */
  readonly isRolling: boolean
  readonly grace: number
  readonly isManual: boolean
  readonly onStoreError: 'throw' | 'empty'
  readonly saveOnError: boolean
  readonly flashOnPrefetch: 'keep' | 'take'
  /** The most bytes of a record's text. On record stores only. */
  readonly maxBytes: number
  readonly invalidValueStatus: number
  readonly version: number
  /** The migration steps up: for each version, a function that converts its payload to the next version. */
  readonly migrate: Readonly<Record<number, (payload: unknown) => unknown>>
  /** The migration steps down, from the present version on, without a gap. */
  readonly stepsDown: readonly StepDown[]
  readonly onInvalid: 'reset' | 'throw' | ((context: InvalidContext) => unknown)
  readonly merge: MergeFunctions
  /** The limit of sessions for each user. */
  readonly limit: SessionLimit | undefined
  /** The sessions of other plugins that this definition takes over. */
  readonly from: Arrivals | undefined
}

/** The definition of one session, with its store and the tools that depend on both. */
export interface ResolvedDefinition extends Settings {
  /** The record store; `undefined` for the cookie store. */
  readonly store: RecordStore | undefined
  /** Publishes events about its sessions. */
  readonly events: DefinitionEvents
  /** Whether its records contain its name, because several sessions share the store. */
  readonly isNamed: boolean
  /** The store's circuit breaker, shared by all its definitions. */
  readonly breaker: CircuitBreaker
  /** Seals and opens the cookie on the cookie store, which carries the whole record. */
  readonly sealedRecords: Sealing<SessionRecord>
  /** Seals and opens the cookie on a record store, which carries the secret of the record's id. */
  readonly sealedTickets: Sealing<Ticket>
  readonly recordCache: RecordCache
  /** The values of its cookie that must not be renewed. On the cookie store only. */
  readonly superseded: Superseded
  /** Seals the secret of its successor that a replaced record holds. */
  readonly successors: Sealer
}

/**
 * The definition's merge functions, by key: each returns the value to store if this request and another one both
 * changed it.
 */
export type MergeFunctions = Readonly<Record<string, (base: unknown, theirs: unknown, mine: unknown) => unknown>>

/** A migration step that converts a payload to the previous version. */
export interface StepDown {
  readonly to: number
  readonly down: (payload: unknown) => unknown
}
