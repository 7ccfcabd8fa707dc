import type { ListedRecord, RecordStore } from '../../types/store.js'
import { definitionOf, recordPage, requireList } from '../app/session-pages.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import type { Registry } from '../definition/registry.js'
import { parseRecord } from '../records/record.js'
import { runTogether } from '../records/rounds.js'
import type { Opened } from './app.js'
import { carryForward, wouldBecome } from './carry.js'
import { count, isAnyLeft, lines, type Migration, type Tally, tallyOf } from './migration.js'
import { counted, type Output } from './output.js'
import { known, type Told, UsageError } from './usage.js'
import { type Listed, Walk, walkAndTell } from './walk.js'

/** How many records are read, and written, in one trip: as little as can be should lie between a read and its write. */
const TOGETHER = 20

/** Carries the records of one session, or of all that have a version above 1, to its present version. */
export async function migrate({ registry }: Opened, told: Told, output: Output, signal: AbortSignal): Promise<number> {
  const walk = new Walk('migrate', told.values, signal)
  const run = new Run(registry, wanted(registry, told), told.values['dry-run'] === true, signal)
  return walkAndTell(walk, output, {
    go: () => run.through(walk, output),
    result: (next) => run.migration(next),
    lines,
    isAnyLeft
  })
}

/** @throws UsageError when there is nothing that could be carried, or other apps' records could be taken for this one's */
function wanted(registry: Registry, { subject, values }: Told): readonly ResolvedDefinition[] {
  const definitions = registry.definitions.filter(({ name, version, store }) =>
    subject === undefined ? version > 1 && store !== undefined : name === subject
  )
  if (subject !== undefined) refuseUnlessStored(subject, definitions[0], registry.names)
  const isShared = definitions.some(({ app }) => app !== undefined)
  if (isShared && values.yes !== true && values['dry-run'] !== true) {
    const advice = 'write --yes if no other app has its sessions in the store'
    throw new UsageError(`migrate: the option app is set, and a record does not tell of which app it is: ${advice}`)
  }
  return definitions
}

function refuseUnlessStored(session: string, definition: ResolvedDefinition | undefined, names: readonly string[]) {
  if (definition === undefined) throw new UsageError(`migrate: no session "${session}"${known(session, names)}`)
  if (definition.store !== undefined) return
  const reason = 'is kept in cookies, which only browsers have: each is carried forward when it comes'
  throw new UsageError(`migrate: session "${session}" ${reason}`)
}

interface Found {
  readonly definition: ResolvedDefinition
  readonly tally: Tally
  readonly listed: ListedRecord
}

/** One run of the command, and what it has found so far. */
class Run {
  readonly #registry: Registry
  readonly #tallies: ReadonlyMap<ResolvedDefinition, Tally>
  readonly #isDryRun: boolean
  readonly #signal: AbortSignal
  #seen = 0
  #unknown = 0

  constructor(registry: Registry, definitions: readonly ResolvedDefinition[], isDryRun: boolean, signal: AbortSignal) {
    this.#registry = registry
    this.#tallies = new Map(definitions.map((definition) => [definition, tallyOf(definition)]))
    this.#isDryRun = isDryRun
    this.#signal = signal
  }

  migration(next: string | undefined): Migration {
    return { dryRun: this.#isDryRun, sessions: [...this.#tallies.values()], unknown: this.#unknown, next }
  }

  /** @throws FST_SESSIONS_UNSUPPORTED when a store can't go through its records, before anything is done */
  async through(walk: Walk, output: Output): Promise<void> {
    for await (const { store, page } of walk.slices(this.#stores())) {
      const found = page.records.flatMap((listed) => this.#find(store, listed))
      this.#seen += page.records.length
      for (let at = 0; at < found.length && !this.#signal.aborted; at += TOGETHER) {
        await this.#carry(found.slice(at, at + TOGETHER))
      }
      if (this.#signal.aborted) return
      output.progress(() => this.#progress(store))
    }
  }

  #stores(): readonly Listed[] {
    const stores = new Set([...this.#tallies.keys()].map(({ store }) => store as RecordStore))
    return [...stores].map((store) => {
      const name = this.#registry.stores.nameOf(store)
      requireList(name, store)
      return { name, list: ({ limit, after }) => recordPage(name, store, limit, after) }
    })
  }

  /** What is to be looked at closer; records that are current, which after a first run most are, cost no trip. */
  #find(store: string, listed: ListedRecord): readonly Found[] {
    const record = parseRecord(listed.text)
    if (record === undefined || record.n !== undefined || record.x !== undefined) return []
    const definition = definitionOf(record.d, this.#definitionsOf(store))
    if (definition === undefined) this.#unknown++
    const tally = definition && this.#tallies.get(definition)
    if (definition === undefined || tally === undefined) return []
    if ((record.v ?? 1) !== definition.version) return [{ definition, tally, listed }]
    tally.current++
    return []
  }

  /** All of them, also those that are not to be carried: whose a record is shows among all. */
  #definitionsOf(name: string): readonly ResolvedDefinition[] {
    const store = this.#registry.stores.namedRecordStores.get(name)
    return this.#registry.definitions.filter((definition) => definition.store === store)
  }

  async #carry(found: readonly Found[]): Promise<void> {
    if (this.#isDryRun) {
      for (const { definition, tally, listed } of found) count(tally, wouldBecome(definition, listed.id, listed))
      return
    }
    const store = found[0]?.definition.store as RecordStore
    const settled = await runTogether(
      store,
      found.map(({ definition, listed }) => carryForward(definition, listed.id))
    )
    const failed = settled.find((each) => each.status === 'rejected')
    for (const [at, each] of settled.entries())
      if (each.status === 'fulfilled') count((found[at] as Found).tally, each.value)
    if (failed !== undefined) throw failed.reason
  }

  #progress(store: string): string {
    const migrated = [...this.#tallies.values()].reduce((sum, tally) => sum + tally.migrated, 0)
    return `${store}: ${counted(this.#seen)} looked at, ${counted(migrated)} ${this.#isDryRun ? 'to be migrated' : 'migrated'}`
  }
}
