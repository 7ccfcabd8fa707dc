import type { RecordStore } from '../../types/store.js'
import { definitionOf } from '../app/session-pages.js'
import { SealedValues } from '../cookie/sealed-values.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import type { Registry } from '../definition/registry.js'
import { sealingOf } from '../seal/at-rest.js'
import type { Opened } from './app.js'
import { type Basis, KeyCounter, NONE } from './key-use.js'
import { counted, type Output } from './output.js'
import { isAnyInUse, keysOfStore, type Rotation, useOf, worstOf } from './rotation.js'
import { lines } from './rotation-words.js'
import { type Told, UsageError } from './usage.js'
import { type Listed, Walk, walkAndTell } from './walk.js'

/** Counts what older keys still open: sessions by the app's, records by those of stores that seal. */
export async function rotateCheck(
  { registry }: Opened,
  told: Told,
  output: Output,
  signal: AbortSignal
): Promise<number> {
  const now = Date.now()
  const since = sinceOf(told.values.since, now)
  const walk = new Walk('rotate-check', told.values, signal)
  const check = new Check(registry, walk.found, now, since)
  return walkAndTell(walk, output, {
    go: () => check.through(walk, output),
    found: () => check.found,
    result: (next) => check.rotation(next),
    lines,
    isAnyLeft: isAnyInUse
  })
}

/**
 * In ms since the epoch. A day counts from its end, and no moment is later than now: what was used before that moment
 * counts as unused since, so that too late a moment counts too much, and too early a one too little.
 * @throws UsageError
 */
function sinceOf(told: string | boolean | undefined, now: number): number | undefined {
  if (told === undefined) return undefined
  const text = String(told)
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text)
  const at = Date.parse(isDay ? `${text}T23:59:59.999Z` : text)
  if (!Number.isNaN(at) && /^\d{4}-\d\d-\d\d/.test(text)) return Math.min(at, now)
  throw new UsageError(
    `rotate-check: --since: expected a day or a moment, such as 2026-11-01 or 2026-11-01T12:00Z, got ${text}`
  )
}

class Check {
  readonly #registry: Registry
  readonly #now: number
  readonly #since: number | undefined
  readonly #counter: KeyCounter
  #seen = 0

  constructor(registry: Registry, found: unknown, now: number, since: number | undefined) {
    this.#registry = registry
    this.#counter = new KeyCounter(found as ConstructorParameters<typeof KeyCounter>[0])
    this.#now = now
    this.#since = since
  }

  get found(): unknown {
    return this.#counter.found
  }

  async through(walk: Walk, output: Output): Promise<void> {
    for await (const { store: name, page } of walk.slices(this.#listed())) {
      const store = this.#registry.stores.recordStore(name, 'rotate-check')
      const definitions = this.#definitionsOf(store)
      const definitionOfRecord = ({ d }: { readonly d?: string | undefined }) => definitionOf(d, definitions)
      const basis: Basis = { now: this.#now, since: this.#since, definitionOf: definitionOfRecord }
      for (const listed of page.records) this.#counter.add(name, sealingOf(store), listed, basis)
      this.#seen += page.records.length
      output.progress(() => `${name}: ${counted(this.#seen)} looked at`)
    }
  }

  rotation(next: string | undefined): Rotation {
    const { stores } = this.#registry
    const judged = { found: this.#counter.found, now: this.#now, since: this.#since, isWhole: next === undefined }
    const sessions = this.#registry.definitions.filter(isSealedByRing).map((definition) => {
      const { store } = definition
      return useOf(definition, store === undefined ? 'cookies' : stores.nameOf(store), canList(store), judged)
    })
    const [, ...older] = this.#registry.keyIds
    return {
      since: this.#since === undefined ? undefined : new Date(this.#since),
      keys: this.#registry.keyIds.map((key, at) => ({
        key,
        is: at === 0 ? 'seals' : 'older',
        replaced: (judged.found.replaced[key] ?? NONE).count
      })),
      sessions,
      verdict: older.length === 0 ? undefined : worstOf(sessions.map(({ verdict }) => verdict)),
      stores: stores.recordStores.flatMap((store) => {
        const sealing = sealingOf(store)
        return sealing === undefined
          ? []
          : keysOfStore(stores.nameOf(store), sealing.keyIds(), sealing.list !== undefined, judged)
      }),
      next
    }
  }

  /** A store that can't go through its records counts nothing, which its sessions and keys tell. */
  #listed(): readonly Listed[] {
    const { stores } = this.#registry
    return stores.recordStores.flatMap((store) => {
      const list = sealingOf(store)?.list ?? store.list
      return list === undefined ? [] : { name: stores.nameOf(store), list: (options) => list.call(store, options) }
    })
  }

  #definitionsOf(store: RecordStore): readonly ResolvedDefinition[] {
    return this.#registry.definitions.filter((definition) => definition.store === store)
  }
}

/** Not as a Go app does. */
function isSealedByRing({ store, sealedRecords, sealedTickets }: ResolvedDefinition): boolean {
  return (store === undefined ? sealedRecords : sealedTickets) instanceof SealedValues
}

function canList(store: RecordStore | undefined): boolean {
  return store?.list !== undefined
}
