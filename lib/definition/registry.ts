import type { Definition, SessionsOptions, StoreFromApp } from '../../types/options.js'
import type { Schema } from '../../types/schema.js'
import type { RecordStore, Store } from '../../types/store.js'
import { ConfigError, UnknownSessionError } from '../errors.js'
import type { AppEvents } from '../events/app-events.js'
import { isToken, refuseSharedCookies } from '../options/cookie.js'
import { checkDefinition } from '../options/names.js'
import { idAsText, type KeyRing } from '../seal/keys.js'
import { isObject } from '../util/objects.js'
import type { ResolvedDefinition } from './definition.js'
import { type Draft, draftOf, type SharedOptions } from './draft.js'
import { NamedStores } from './named-stores.js'
import { closeSealers, resolve } from './resolve.js'

/** The app's definitions by name. They are drafts until the app is ready, and resolved from then on. */
export class Registry {
  readonly stores: NamedStores
  readonly events: AppEvents
  readonly #ring: KeyRing
  readonly #app: string | undefined
  readonly #shared: SharedOptions
  readonly #drafts = new Map<string, Draft>()
  readonly #byName = new Map<string | Definition, ResolvedDefinition>()
  #resolved: readonly ResolvedDefinition[] = []
  #isFrozen = false

  /**
   * @param builtInStores the stores that every app has, by name
   * @throws FST_SESSIONS_CONFIG when a store or a definition is wrong
   */
  constructor(
    ring: KeyRing,
    builtInStores: Readonly<Record<string, Store>>,
    options: SessionsOptions,
    events: AppEvents
  ) {
    const { app, stores, sessions, startWithout, ...shared } = options
    this.stores = new NamedStores(builtInStores, stores, startWithout)
    this.events = events
    this.#ring = ring
    this.#app = app
    this.#shared = shared
    if (!isObject(sessions)) {
      throw new ConfigError('sessions: expected an object of definitions by name')
    }
    for (const [name, definition] of Object.entries(sessions)) this.define(name, definition as Definition)
  }

  /** All resolved definitions; empty until `freeze()`. */
  get definitions(): readonly ResolvedDefinition[] {
    return this.#resolved
  }

  get names(): readonly string[] {
    return [...this.#drafts.keys()]
  }

  /** The ids of the keys in the ring, in its order and as events show them. */
  get keyIds(): readonly string[] {
    return this.#ring.keys.map(({ id }) => idAsText(id))
  }

  /** Returns the schema of a session; `undefined` if there is no session of that name. */
  schemaOf(name: string): Schema | undefined {
    return this.#drafts.get(name)?.definition.schema
  }

  get isFrozen(): boolean {
    return this.#isFrozen
  }

  /**
   * Adds a store.
   * @throws FST_SESSIONS_CONFIG when the app is ready already, the name is taken, or it is not a store
   */
  addStore(name: string, store: Store | StoreFromApp): void {
    this.#refuseWhenFrozen(`store "${name}"`)
    this.stores.add(name, store)
  }

  /**
   * Adds a session.
   * @throws FST_SESSIONS_CONFIG when the app is ready already, the name is taken or not a token, or the definition is
   * wrong
   */
  define(name: string, definition: Definition): void {
    this.#refuseWhenFrozen(`session "${name}"`)
    if (!isToken(name)) throw new ConfigError(`session "${name}": the name is not an RFC 6265 token`)
    if (this.#drafts.has(name)) throw new ConfigError(`session "${name}" is defined already`)
    if (typeof definition !== 'object' || definition === null) {
      throw new ConfigError(`session "${name}": expected a definition, { schema: z.object({…}) } at the least`)
    }
    if ('_zod' in definition) throw new ConfigError(`session "${name}": expected { schema }, got the schema itself`)
    checkDefinition(name, definition)
    this.#drafts.set(name, draftOf(name, definition, this.#shared, this.#app))
  }

  /**
   * Resolves all definitions. After this nothing can be added, so every definition must have its store now.
   * @throws FST_SESSIONS_CONFIG when a definition names a store that does not exist, or two definitions share a cookie
   */
  freeze(): void {
    this.#isFrozen = true
    this.stores.checkStartWithout()
    this.#resolved = [...this.#drafts].map(([name, draft]) => {
      const store = this.stores.storeOf(name, draft.definition)
      const resolved = resolve(draft, store, store !== undefined && this.#isShared(store), this.#ring, this.events)
      this.#byName.set(name, resolved)
      this.#byName.set(draft.definition, resolved)
      return resolved
    })
    refuseSharedCookies(this.#resolved)
  }

  /** Whether several definitions share a store. */
  #isShared(store: RecordStore): boolean {
    const drafts = [...this.#drafts].filter(([name, { definition }]) => this.stores.storeOf(name, definition) === store)
    return drafts.length > 1
  }

  /** Erases the keys, and everything that was opened with them. */
  close(): void {
    for (const definition of this.#resolved) closeSealers(definition)
    this.#ring.close()
  }

  /**
   * Returns the resolved definition.
   * @throws FST_SESSIONS_UNKNOWN when there is no session of that name, or definition
   */
  find(nameOrDefinition: string | Definition): ResolvedDefinition {
    const found = this.#byName.get(nameOrDefinition)
    if (found !== undefined) return found
    const asked = isObject(nameOrDefinition) ? '(a definition that was never added)' : String(nameOrDefinition)
    throw new UnknownSessionError(`no session "${asked}": the app defines ${this.names.join(', ') || 'none'}`)
  }

  #refuseWhenFrozen(what: string): void {
    if (this.#isFrozen) throw new ConfigError(`${what} comes too late: the app is ready; add it before, in a plugin`)
  }
}
