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

/** Of a definition: checked, with its defaults in place. All durations are in milliseconds. */
export interface Settings {
  readonly name: string
  /** The name of the app, where several apps share a store. */
  readonly app: string | undefined
  readonly codec: Codec
  readonly flashes: ReadonlyMap<string, ValueCodec>
  readonly cookie: Cookie
  readonly idle: number
  readonly absolute: number
  readonly touchAfter: number
  /** Whether every request that brings it counts as use. */
  readonly isRolling: boolean
  readonly grace: number
  readonly isManual: boolean
  readonly onStoreError: 'throw' | 'empty'
  readonly saveOnError: boolean
  readonly flashOnPrefetch: 'keep' | 'take'
  /** The most bytes that the text of a record may have, on a record store. */
  readonly maxBytes: number
  readonly invalidValueStatus: number
  readonly version: number
  /** The steps up: by version, the function that takes a payload of that version to the next one. */
  readonly migrate: Readonly<Record<number, (payload: unknown) => unknown>>
  /** The steps down, from the present version on, without a gap. */
  readonly stepsDown: readonly StepDown[]
  readonly onInvalid: 'reset' | 'throw' | ((context: InvalidContext) => unknown)
  readonly merge: MergeFunctions
  /** How many sessions a user may have. */
  readonly limit: SessionLimit | undefined
  /** Sessions of other plugins that become ones of this definition. */
  readonly from: Arrivals | undefined
}

/** One session's definition with the store that it names, and with the tools that are made of both. */
export interface ResolvedDefinition extends Settings {
  /** `undefined` for the cookie store, which has nothing to be asked for. */
  readonly store: RecordStore | undefined
  /** Tells what happens to its sessions. */
  readonly events: DefinitionEvents
  /** Whether its records have its name: others of the app are in the same store. */
  readonly isNamed: boolean
  /** All definitions of one store share its circuit breaker. */
  readonly breaker: CircuitBreaker
  /** Seals and opens what the cookie carries on the cookie store: the whole record. */
  readonly sealedRecords: Sealing<SessionRecord>
  /** Seals and opens what the cookie carries on a record store: the secret of the record's id. */
  readonly sealedTickets: Sealing<Ticket>
  readonly recordCache: RecordCache
  /** The values of its cookie that must not be renewed, on the cookie store. */
  readonly superseded: Superseded
  /** Seals the secret that a replaced record keeps of its successor. */
  readonly successors: Sealer
}

/** By key: what the value is to be when this request and another one have both changed it. */
export type MergeFunctions = Readonly<Record<string, (base: unknown, theirs: unknown, mine: unknown) => unknown>>

/** A step that takes a payload to the version before. */
export interface StepDown {
  readonly to: number
  readonly down: (payload: unknown) => unknown
}
