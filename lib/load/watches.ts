import type { FastifyBaseLogger } from 'fastify'
import type { Problem } from '../../types/session.js'
import type { RecordStore } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { EndedError } from '../errors.js'
import { breakerOf } from '../records/circuit-breaker.js'
import type { ClearMarker } from '../records/clear-marker.js'
import { type Job, readFresh, runTogether } from '../records/rounds.js'
import { endedBy } from '../session/lifetime.js'
import { idOf } from '../session/origin.js'
import { originOf } from '../session/stored-origin.js'
import { groupBy } from '../util/group-by.js'
import type { Cutoffs } from './load.js'
import { follow } from './successor.js'

/** One session whose end somebody waits for. */
interface Watch {
  readonly definition: ResolvedDefinition
  readonly controller: AbortController
  /** Gives the id under which its user knows it to be stored; `undefined` while it is not. */
  readonly idNow: () => string | undefined
  /** The id under which it was found last; a parallel request may have replaced it. */
  id: string | undefined
  /** What `idNow` gave then. */
  asked: string | undefined
}

/** What a look found: the id to look for next, or why the session has ended. */
type Verdict = { readonly id: string } | { readonly problem: Problem }

/**
 * Tells those who work for long on a session that it has ended. All sessions that are watched share one look at each store,
 * one round trip where the store has `readMany`.
 */
export class Watches {
  readonly #interval: number
  readonly #log: FastifyBaseLogger
  readonly #marker: () => ClearMarker
  readonly #watches = new Set<Watch>()
  readonly #failing = new Set<RecordStore>()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined

  /** @param interval in ms, from the end of one look to the next */
  constructor(interval: number, marker: () => ClearMarker, log: FastifyBaseLogger) {
    this.#interval = interval
    this.#marker = marker
    this.#log = log
  }

  /** @returns the signal, and what ends the watch */
  add(definition: ResolvedDefinition, idNow: () => string | undefined): readonly [AbortSignal, () => void] {
    const controller = new AbortController()
    const watch: Watch = { definition, controller, idNow, id: undefined, asked: undefined }
    this.#watches.add(watch)
    this.#schedule()
    return [controller.signal, () => this.#remove(watch)]
  }

  /** Sessions have been ended here: looks at once, or once more where a look is under way. */
  async look(): Promise<void> {
    await this.#looking
    this.#unschedule()
    this.#looking ??= this.#lookAtAll()
    await this.#looking
  }

  stop(): void {
    this.#watches.clear()
    this.#unschedule()
  }

  #remove(watch: Watch): void {
    this.#watches.delete(watch)
    if (this.#watches.size === 0) this.#unschedule()
  }

  #schedule(): void {
    if (this.#watches.size === 0 || this.#looking !== undefined) return
    this.#timer ??= setTimeout(() => {
      this.#looking = this.#lookAtAll()
    }, this.#interval)
    this.#timer.unref()
  }

  #unschedule(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  async #lookAtAll(): Promise<void> {
    this.#timer = undefined
    const stored = [...this.#watches].filter(isStored)
    const byStore = groupBy(stored, ({ definition }) => definition.store as RecordStore)
    await Promise.all([...byStore].map(([store, watches]) => this.#lookAt(store, watches)))
    this.#looking = undefined
    this.#schedule()
  }

  /** What a store does not answer is asked again in the next look: that it is down ends no session. */
  async #lookAt(store: RecordStore, watches: readonly Watch[]): Promise<void> {
    try {
      const marker = this.#marker()
      if (marker.isDue()) await marker.ask(Date.now())
      const cutoffs = { now: Date.now(), clearedAt: marker.clearedAt }
      // Several tabs of a browser wait for the same record.
      const same = [...groupBy(watches, ({ definition, id }) => `${id} ${definition.name}`).values()]
      const jobs = same.map(([first]) => verdictOn(first as Watch, cutoffs))
      const results = await breakerOf(store).run(() => runTogether(store, jobs))
      for (const [index, group] of same.entries()) for (const watch of group) this.#settle(watch, results[index])
      this.#failing.delete(store)
    } catch (error) {
      this.#tell(store, error)
    }
  }

  /** @throws what the store was rejected with */
  #settle(watch: Watch, result: PromiseSettledResult<Verdict> | undefined): void {
    if (result?.status !== 'fulfilled') throw result?.reason
    const verdict = result.value
    if ('id' in verdict) {
      watch.id = verdict.id
      return
    }
    this.#remove(watch)
    watch.controller.abort(new EndedError(watch.definition.name, verdict.problem))
  }

  /** Once for each time that it fails. */
  #tell(store: RecordStore, error: unknown): void {
    if (this.#failing.has(store)) return
    this.#failing.add(store)
    this.#log.warn({ err: error }, 'a session store failed: whether sessions that are watched have ended is not known')
  }
}

/** Brings its id up to date: the session that a handler holds may have got another, or be saved only now. */
function isStored(watch: Watch): boolean {
  const asked = watch.idNow()
  if (asked !== undefined && asked !== watch.asked) {
    watch.asked = asked
    watch.id = asked
  }
  return watch.id !== undefined
}

function* verdictOn({ definition, id }: Watch, cutoffs: Cutoffs): Job<Verdict> {
  const origin = originOf(definition, id as string, yield* readFresh(id as string), undefined)
  if (origin === undefined) return { problem: 'gone' }
  const problem = endedBy(origin.record.c, origin.expires, definition.absolute, cutoffs)
  if (problem !== undefined) return { problem }
  if (origin.record.n === undefined) return { id: idOf(origin) }
  const trail = yield* follow(definition, origin)
  if (trail === undefined) return { problem: 'gone' }
  // Whoever holds the old id has no part in what came with a sign-in or new rights.
  return trail.cut === undefined ? { id: idOf(trail.end) } : { problem: 'retired' }
}
