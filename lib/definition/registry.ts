import type { Definition, InvalidContext, SessionsOptions, Shared } from '../../types/options.js'
import type { FlashSchemas, Schema } from '../../types/schema.js'
import type { CookieOptions } from '../../types/session.js'
import type { RecordStore, Store } from '../../types/store.js'
import { Cookie } from '../cookie/cookie.js'
import { CookieValues, StoredRecords } from '../cookie/sealed-values.js'
import { ConfigError, UnknownSessionError } from '../errors.js'
import { isToken, refuseSharedCookies } from '../options/cookie.js'
import { checkDefinition, isObject } from '../options/names.js'
import { checkIdle, checkMerge, checkSettings } from '../options/settings.js'
import { checkStore } from '../options/store.js'
import { breakerOf, CircuitBreaker } from '../records/circuit-breaker.js'
import { parseRecord, parseTicket, type SessionRecord, type Ticket } from '../records/record.js'
import type { Codec, ValueCodec } from '../schema/codec.js'
import { checkDefaults, codecFor, defaultsOf, shapeOf, valueCodecFor } from '../schema/codecs.js'
import type { KeyRing } from '../seal/keys.js'
import { Sealer } from '../seal/sealer.js'
import type { MergeFunctions } from '../session/values.js'
import { cookieStore } from '../stores/cookie.js'
import { type StepDown, stepsDown, stepsUp } from './forms.js'
import { lateStore } from './late-store.js'
import { Superseded } from './superseded.js'

const HOUR = 60 * 60
const DAY = 24 * HOUR
const DEFAULTS = {
  idle: 14 * DAY,
  absolute: 90 * DAY,
  grace: 10,
  onStoreError: 'throw',
  saveOnError: false,
  invalidValueStatus: 500,
  flashOnPrefetch: 'keep',
  maxBytes: 1024 * 1024
} as const

/** One session's definition, checked, with its defaults in place and its tools made. Durations are in milliseconds. */
export interface Entry {
  readonly name: string
  /** The name of the app, where several share a store. */
  readonly app: string | undefined
  /** `undefined`: the cookie store. */
  readonly store: RecordStore | undefined
  /** Its store's. */
  readonly breaker: CircuitBreaker
  readonly codec: Codec
  readonly flashes: ReadonlyMap<string, ValueCodec>
  /** What the cookie carries, on the cookie store. */
  readonly sealedRecords: CookieValues<SessionRecord>
  /** What the cookie carries, on a record store. */
  readonly sealedTickets: CookieValues<Ticket>
  readonly storedRecords: StoredRecords
  /** Values of its cookie that are not to be renewed, on the cookie store. */
  readonly superseded: Superseded
  /** Seals what a replaced record says of its successor. */
  readonly successors: Sealer
  readonly cookie: Cookie
  readonly idle: number
  readonly absolute: number
  readonly touchAfter: number
  readonly grace: number
  readonly isManual: boolean
  readonly onStoreError: 'throw' | 'empty'
  readonly saveOnError: boolean
  readonly flashOnPrefetch: 'keep' | 'take'
  /** Of a record's text in the store. */
  readonly maxBytes: number
  readonly invalidValueStatus: number
  readonly version: number
  /** By version, what takes a payload of it to the next. */
  readonly migrate: Readonly<Record<number, (payload: unknown) => unknown>>
  /** From the present version down, without a gap. */
  readonly stepsDown: readonly StepDown[]
  readonly onInvalid: 'reset' | 'throw' | ((context: InvalidContext) => unknown)
  readonly merge: MergeFunctions
}

/** The app's stores and sessions by name, checked once, before the first request. */
export class Registry {
  readonly #ring: KeyRing
  readonly #app: string | undefined
  readonly #defaults: Shared & { readonly cookie?: CookieOptions }
  readonly #stores = new Map<string, Store>()
  readonly #startWithout: SessionsOptions['startWithout']
  readonly #drafts = new Map<string, Draft>()
  readonly #entries = new Map<string | Definition, Entry>()
  #all: readonly Entry[] = []
  #isSealed = false

  constructor(ring: KeyRing, { app, stores, sessions, startWithout, ...defaults }: SessionsOptions) {
    this.#startWithout = checkedNames(startWithout)
    this.#ring = ring
    this.#app = app
    this.#defaults = defaults
    this.#stores.set('cookie', cookieStore())
    if (!isObject(stores ?? {})) throw new ConfigError('stores: expected an object of stores by name')
    for (const [name, store] of Object.entries(stores ?? {})) this.#putStore(name, store)
    if (!isObject(sessions)) {
      throw new ConfigError('sessions: expected an object of definitions by name')
    }
    for (const [name, definition] of Object.entries(sessions)) this.define(name, definition as Definition)
  }

  get entries(): readonly Entry[] {
    return this.#all
  }

  mayStartWithout(name: string): boolean {
    return this.#startWithout === true || (this.#startWithout?.includes(name) ?? false)
  }

  get names(): readonly string[] {
    return [...this.#drafts.keys()]
  }

  nameOf(store: RecordStore): string {
    return [...this.namedRecordStores].find(([, other]) => other === store)?.[0] as string
  }

  get isSealed(): boolean {
    return this.#isSealed
  }

  get recordStores(): readonly RecordStore[] {
    return [...new Set(this.namedRecordStores.values())]
  }

  get namedRecordStores(): ReadonlyMap<string, RecordStore> {
    const named = [...this.#stores].flatMap(([name, store]) =>
      store.kind === 'record' ? [[name, store] as const] : []
    )
    return new Map(named)
  }

  addStore(name: string, store: Store): void {
    this.#refuseWhenSealed(`store "${name}"`)
    if (this.#stores.has(name)) throw new ConfigError(`stores: there is a store "${name}" already`)
    this.#putStore(name, store)
  }

  define(name: string, definition: Definition): void {
    this.#refuseWhenSealed(`session "${name}"`)
    if (!isToken(name)) throw new ConfigError(`session "${name}": the name is not an RFC 6265 token`)
    if (this.#drafts.has(name)) throw new ConfigError(`session "${name}" is defined already`)
    if (typeof definition !== 'object' || definition === null) {
      throw new ConfigError(`session "${name}": expected a definition, { schema: z.object({…}) } at the least`)
    }
    if ('_zod' in definition) throw new ConfigError(`session "${name}": expected { schema }, got the schema itself`)
    checkDefinition(name, definition)
    const settings = this.#settings(name, definition)
    this.#drafts.set(name, { definition, settings, defaults: defaultsOf(settings.codec) })
  }

  /** Nothing can be added any more: every definition has to have its store now. */
  seal(): void {
    this.#isSealed = true
    this.#refuseUnknownStores()
    this.#all = [...this.#drafts].map(([name, { definition, settings, defaults }]) => {
      checkDefaults(name, settings.codec, defaults)
      const store = this.#storeOf(name, definition)
      const sealer = (purpose: string) => new Sealer(this.#ring, `${purpose} ${name}`, definition.seal ?? 'encrypt')
      const isConstant = ({ f }: SessionRecord) => settings.codec.makesCopies && f === undefined
      const entry: Entry = {
        ...settings,
        store,
        breaker: store === undefined ? new CircuitBreaker() : breakerOf(store),
        sealedRecords: new CookieValues(sealer('record'), this.#ring, parseRecord, isConstant),
        sealedTickets: new CookieValues(sealer('ticket'), this.#ring, parseTicket, () => true),
        storedRecords: new StoredRecords(isConstant),
        superseded: new Superseded(),
        successors: new Sealer(this.#ring, `successor ${name}`, 'encrypt')
      }
      this.#entries.set(name, entry)
      this.#entries.set(definition, entry)
      return entry
    })
    refuseSharedCookies(this.#all)
  }

  /** Forgets the keys, and what was opened with them. */
  close(): void {
    for (const { sealedRecords, sealedTickets, successors } of this.#all) {
      for (const each of [sealedRecords, sealedTickets, successors]) each.close()
    }
    this.#ring.close()
  }

  /** @throws FST_SESSIONS_UNKNOWN */
  find(nameOrDefinition: string | Definition): Entry {
    const entry = this.#entries.get(nameOrDefinition)
    if (entry !== undefined) return entry
    const asked = isObject(nameOrDefinition) ? '(a definition that was never added)' : String(nameOrDefinition)
    throw new UnknownSessionError(`no session "${asked}": the app defines ${this.names.join(', ') || 'none'}`)
  }

  /** The record store of a name. @throws FST_SESSIONS_CONFIG */
  recordStore(name: string, wantedBy: string): RecordStore {
    const store = this.#stores.get(name)
    if (store?.kind === 'record') return store
    const names = [...this.namedRecordStores.keys()]
    const known = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`
    throw new ConfigError(`${wantedBy}: store: "${name}" is not a record store; ${known}`)
  }

  #putStore(name: string, store: Store): void {
    checkStore(name, store)
    this.#stores.set(name, store.kind === 'record' && this.mayStartWithout(name) ? lateStore(store) : store)
  }

  #storeOf(session: string, { store = 'cookie' }: Definition): RecordStore | undefined {
    const found = this.#stores.get(store)
    if (typeof store !== 'string') {
      throw new ConfigError(`session "${session}": store: expected the name of one of the stores, got ${typeof store}`)
    }
    if (found === undefined) {
      throw new ConfigError(
        `session "${session}": store: there is no store "${store}"; there are ${this.#storeNames()}`
      )
    }
    return found.kind === 'cookie' ? undefined : found
  }

  #refuseUnknownStores(): void {
    if (!Array.isArray(this.#startWithout)) return
    for (const name of this.#startWithout) this.recordStore(name, 'startWithout')
  }

  #storeNames(): string {
    return [...this.#stores.keys()].join(', ')
  }

  #refuseWhenSealed(what: string): void {
    if (this.#isSealed) throw new ConfigError(`${what} comes too late: the app is ready; add it before, in a plugin`)
  }

  #settings(name: string, definition: Definition): Draft['settings'] {
    const settings = { ...DEFAULTS, ...defined(this.#defaults), ...defined(definition) }
    checkSettings(name, settings)
    checkIdle(name, definition, this.#defaults, DEFAULTS.absolute)
    const { idle, absolute, grace, touchAfter = Math.min(idle / 10, HOUR) } = settings
    const codec = codecFor(name, definition.schema)
    checkMerge(name, definition.merge ?? {}, codec.keys)
    return {
      name,
      app: this.#app,
      codec,
      flashes: flashCodecs(name, definition.flash),
      cookie: new Cookie(name, { ...this.#defaults.cookie, ...definition.cookie }, definition.chunks ?? 1),
      idle: idle * 1000,
      absolute: absolute * 1000,
      touchAfter: touchAfter * 1000,
      grace: grace * 1000,
      isManual: definition.load === 'manual',
      onStoreError: settings.onStoreError,
      saveOnError: settings.saveOnError,
      flashOnPrefetch: settings.flashOnPrefetch,
      invalidValueStatus: settings.invalidValueStatus,
      version: definition.version ?? 1,
      migrate: stepsUp(definition),
      stepsDown: stepsDown(definition),
      maxBytes: settings.maxBytes,
      onInvalid: definition.onInvalid ?? 'reset',
      merge: (definition.merge ?? {}) as MergeFunctions
    }
  }
}

/** A definition that is checked, but has no store yet: stores may still be added. */
interface Draft {
  readonly definition: Definition
  readonly defaults: ReadonlyMap<string, string>
  readonly settings: Omit<
    Entry,
    'store' | 'breaker' | 'sealedRecords' | 'sealedTickets' | 'storedRecords' | 'superseded' | 'successors'
  >
}

function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}

function checkedNames(startWithout: SessionsOptions['startWithout']): SessionsOptions['startWithout'] {
  if (startWithout === undefined || startWithout === true || Array.isArray(startWithout)) return startWithout
  throw new ConfigError('startWithout: expected true, or an array of names of stores')
}

function flashCodecs(session: string, flash: FlashSchemas | undefined): ReadonlyMap<string, ValueCodec> {
  if (flash === undefined) return new Map()
  const shape = shapeOf(flash) ?? flash
  if (!isObject(shape) || '~standard' in shape) {
    throw new ConfigError(`session "${session}": flash: expected z.object({ kind: schema }) or { kind: schema }`)
  }
  return new Map(
    Object.entries(shape).map(([kind, schema]: [string, Schema]) => [
      kind,
      valueCodecFor(`${session}" flash "${kind}`, schema)
    ])
  )
}
