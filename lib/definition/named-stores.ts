import type { FastifyInstance } from 'fastify'
import type { Definition, SessionsOptions, StoreFromApp } from '../../types/options.js'
import type { RecordStore, Store } from '../../types/store.js'
import { ConfigError } from '../errors.js'
import { checkStore } from '../options/store.js'
import { isObject } from '../util/objects.js'
import { lateStore } from './late-store.js'

/** The app's stores by name. */
export class NamedStores {
  readonly #stores = new Map<string, Store>()
  /** The functions that create a store from the app, by name. */
  readonly #toMake = new Map<string, StoreFromApp>()
  readonly #startWithout: SessionsOptions['startWithout']

  /**
   * @param builtIn the stores that every app has
   * @throws FST_SESSIONS_CONFIG when one of the app's stores is not a store
   */
  constructor(
    builtIn: Readonly<Record<string, Store>>,
    stores: SessionsOptions['stores'],
    startWithout: SessionsOptions['startWithout']
  ) {
    this.#startWithout = checkedNames(startWithout)
    if (!isObject(stores ?? {})) throw new ConfigError('stores: expected an object of stores by name')
    for (const [name, store] of Object.entries({ ...builtIn, ...stores })) this.#put(name, store)
  }

  /** All record stores. A store with several names is listed once. */
  get recordStores(): readonly RecordStore[] {
    return [...new Set(this.namedRecordStores.values())]
  }

  get namedRecordStores(): ReadonlyMap<string, RecordStore> {
    const named = [...this.#stores].flatMap(([name, store]) =>
      store.kind === 'record' ? [[name, store] as const] : []
    )
    return new Map(named)
  }

  nameOf(store: RecordStore): string {
    return [...this.namedRecordStores].find(([, other]) => other === store)?.[0] as string
  }

  /** Whether the app may start although the store of this name can't be reached. */
  mayStartWithout(name: string): boolean {
    return this.#startWithout === true || (this.#startWithout?.includes(name) ?? false)
  }

  /** Adds a store. @throws FST_SESSIONS_CONFIG when the name is taken, or it is not a store */
  add(name: string, store: Store | StoreFromApp): void {
    if (this.#stores.has(name) || this.#toMake.has(name))
      throw new ConfigError(`stores: there is a store "${name}" already`)
    this.#put(name, store)
  }

  /**
   * Creates the stores that need the app. Called once its plugins are loaded. Rejects with FST_SESSIONS_CONFIG when a
   * function returns something that is not a store.
   */
  async make(app: FastifyInstance): Promise<void> {
    const made = [...this.#toMake].map(async ([name, make]) => this.#keep(name, await make(app)))
    await Promise.all(made)
  }

  /** Checks the names in `startWithout`. @throws FST_SESSIONS_CONFIG when one of them is not a record store */
  checkStartWithout(): void {
    if (!Array.isArray(this.#startWithout)) return
    for (const name of this.#startWithout) this.recordStore(name, 'startWithout')
  }

  /**
   * Returns the record store of a name.
   * @param wantedBy the option that names it, for the error
   * @throws FST_SESSIONS_CONFIG when there is none
   */
  recordStore(name: string, wantedBy: string): RecordStore {
    const store = this.#stores.get(name)
    if (store?.kind === 'record') return store
    const names = [...this.namedRecordStores.keys()]
    const known = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`
    throw new ConfigError(`${wantedBy}: store: "${name}" is not a record store; ${known}`)
  }

  /**
   * Returns the store that a definition names; `undefined` for the cookie store.
   * @throws FST_SESSIONS_CONFIG when there is no store of that name
   */
  storeOf(session: string, { store = 'cookie' }: Definition): RecordStore | undefined {
    const found = this.#stores.get(store)
    if (typeof store !== 'string') {
      throw new ConfigError(`session "${session}": store: expected the name of one of the stores, got ${typeof store}`)
    }
    if (found === undefined) {
      throw new ConfigError(`session "${session}": store: there is no store "${store}"; there are ${this.#names()}`)
    }
    return found.kind === 'cookie' ? undefined : found
  }

  #put(name: string, store: Store | StoreFromApp): void {
    if (typeof store === 'function') this.#toMake.set(name, store)
    else this.#keep(name, store)
  }

  #keep(name: string, store: Store): void {
    checkStore(name, store)
    this.#stores.set(name, store.kind === 'record' && this.mayStartWithout(name) ? lateStore(store) : store)
  }

  #names(): string {
    return [...this.#stores.keys()].join(', ')
  }
}

function checkedNames(startWithout: SessionsOptions['startWithout']): SessionsOptions['startWithout'] {
  if (startWithout === undefined || startWithout === true || Array.isArray(startWithout)) return startWithout
  throw new ConfigError('startWithout: expected true, or an array of names of stores')
}
