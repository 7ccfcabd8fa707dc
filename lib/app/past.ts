import type { FastifyBaseLogger } from 'fastify'
import type { Why } from '../../types/history.js'
import type { SessionsOptions } from '../../types/options.js'
import type { RecordStore } from '../../types/store.js'
import type { Registry } from '../definition/registry.js'
import { ConfigError } from '../errors.js'
import type { History } from '../history/history.js'
import { historyIn } from '../history/index.js'
import { HISTORY_KEEP } from '../options/durations.js'
import { parseRecord } from '../records/record.js'
import { readFresh, runJob } from '../records/rounds.js'
import { isStoreId } from '../records/ticket.js'
import { durationFault } from '../util/durations.js'
import { isObject, otherOption } from '../util/objects.js'
import { list, type View } from './subject-list.js'

/** The option `history`. */
type Kept = NonNullable<SessionsOptions['history']>

const MOST_ENTRIES = 1_000_000

/** The default of `history.keep`: thirty days, in seconds. */
const USUAL_KEEP = 30 * 24 * 60 * 60

/**
 * The history of the app's sessions, for `app.sessions.why()`. This file is loaded only for apps with the option
 * `history`.
 */
export class Past {
  readonly #registry: Registry
  readonly #kept: Kept
  readonly #app: string | undefined
  readonly #log: FastifyBaseLogger
  #history: History | undefined

  /** @throws FST_SESSIONS_CONFIG when the option `history` is wrong */
  constructor(registry: Registry, kept: Kept, app: string | undefined, log: FastifyBaseLogger) {
    check(kept)
    this.#registry = registry
    this.#kept = kept
    this.#app = app
    this.#log = log
  }

  /**
   * Called once every store is set up.
   * @throws FST_SESSIONS_CONFIG when the option names a store that is not a record store
   */
  begin(): void {
    const kept = this.#kept
    const store = typeof kept === 'number' ? undefined : this.#registry.stores.recordStore(kept.store, 'history')
    const keep = typeof kept === 'number' ? kept : (kept.keep ?? USUAL_KEEP) * 1000
    this.#history = historyIn(store, keep, this.#app, this.#log)
    this.#registry.events.recordBy(this.#history)
  }

  /** Tells why a session ended. Rejects when the store of the history fails. */
  async why(asked: string, view: View): Promise<Why> {
    const idleOf = (session: string | undefined) =>
      session === undefined ? undefined : view.definitions.get(session)?.idle
    // The history exists by now: `app.sessions.why()` is refused before the app is ready.
    return (this.#history as History).why(asked, { isAlive: await this.#isAlive(asked, view), idleOf })
  }

  async end(): Promise<void> {
    await this.#history?.close()
  }

  /** Whether a session with this id, or of this user, is in a store; `undefined` if a store could not be asked. */
  async #isAlive(asked: string, view: View): Promise<boolean | undefined> {
    const answers = await Promise.allSettled(
      this.#registry.stores.recordStores.map(
        async (store) => (await hasId(store, asked, view)) || (await hasSubject(store, asked, view))
      )
    )
    if (answers.some((answer) => answer.status === 'fulfilled' && answer.value)) return true
    return answers.every(({ status }) => status === 'fulfilled') ? false : undefined
  }
}

async function hasId(store: RecordStore, id: string, { clearedAt }: View): Promise<boolean> {
  if (!isStoreId(id)) return false
  const stored = await runJob(store, readFresh(id))
  const record = stored && parseRecord(stored.text)
  return record !== undefined && record.n === undefined && record.x === undefined && record.c > clearedAt
}

async function hasSubject(store: RecordStore, subject: string, view: View): Promise<boolean> {
  return (await runJob(store, list(view, subject, { limit: 1, after: undefined, store: 0 }))).length > 0
}

/** Checks the option `history`. @throws FST_SESSIONS_CONFIG */
function check(kept: Kept): void {
  if (typeof kept === 'number') {
    if (Number.isSafeInteger(kept) && kept >= 1 && kept <= MOST_ENTRIES) return
    throw new ConfigError(`history: expected a whole number of entries from 1 to ${MOST_ENTRIES}, got ${kept}`)
  }
  if (!isObject(kept))
    throw new ConfigError(`history: expected a number of entries, or { store, keep }, got ${typeof kept}`)
  const fault = otherOption(kept, ['store', 'keep']) ?? keepFault((kept as { readonly keep?: unknown }).keep)
  if (fault !== undefined) throw new ConfigError(`history: ${fault}`)
}

function keepFault(keep: unknown): string | undefined {
  const fault = keep === undefined ? undefined : durationFault(keep, HISTORY_KEEP)
  return fault && `keep: ${fault}`
}
