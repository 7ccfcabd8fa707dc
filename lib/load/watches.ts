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

/** One session that is watched for its end. */
interface Watch {
  readonly definition: ResolvedDefinition
  readonly controller: AbortController
  /** Returns the id of the handler's session; `undefined` while it is not stored. */
  readonly idNow: () => string | undefined
  /**
   * The id under which the session was last found. It can differ from the handler's id, because a parallel request may
   * have replaced that.
   */
  id: string | undefined
  /** What `idNow` returned then. */
  asked: string | undefined
}

/** The result of a check: the id to check next time, or why the session has ended. */
type Verdict = { readonly id: string } | { readonly problem: Problem }

/**
 * Aborts the signals of sessions that have ended. One check of each store covers all watched sessions, in one round
 * trip if the store has `readMany`.
 */
export class Watches {
  readonly #interval: number
  readonly #log: FastifyBaseLogger
  readonly #marker: () => ClearMarker
  readonly #watches = new Set<Watch>()
  readonly #failing = new Set<RecordStore>()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined

  /** @param interval from the end of one check to the start of the next, in ms */
  constructor(interval: number, marker: () => ClearMarker, log: FastifyBaseLogger) {
    this.#interval = interval
    this.#marker = marker
    this.#log = log
  }

  /** Watches a session. @returns the signal, and a function that ends the watch */
  add(definition: ResolvedDefinition, idNow: () => string | undefined): readonly [AbortSignal, () => void] {
    const controller = new AbortController()
    const watch: Watch = { definition, controller, idNow, id: undefined, asked: undefined }
    this.#watches.add(watch)
    this.#schedule()
    return [controller.signal, () => this.#remove(watch)]
  }

  /** Checks at once, because this process has ended sessions. If a check is under way, another one follows it. */
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

  /**
   * Checks the watched sessions of one store. If the store fails, the next check asks again: a store that is down ends
   * no session.
   */
  async #lookAt(store: RecordStore, watches: readonly Watch[]): Promise<void> {
    try {
      const marker = this.#marker()
      if (marker.isDue()) await marker.ask(Date.now())
      const cutoffs = { now: Date.now(), clearedAt: marker.clearedAt }
      // Several tabs of a browser watch the same record.
      const same = [...groupBy(watches, ({ definition, id }) => `${id} ${definition.name}`).values()]
      const jobs = same.map(([first]) => verdictOn(first as Watch, cutoffs))
      const results = await breakerOf(store).run(() => runTogether(store, jobs))
      for (const [index, group] of same.entries()) for (const watch of group) this.#settle(watch, results[index])
      this.#failing.delete(store)
    } catch (error) {
      this.#tell(store, error)
    }
  }

  /** @throws the error with which the store rejected */
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

  /** Warns once each time that a store begins to fail. */
  #tell(store: RecordStore, error: unknown): void {
    if (this.#failing.has(store)) return
    this.#failing.add(store)
    this.#log.warn({ err: error }, 'a session store failed: whether sessions that are watched have ended is not known')
  }
}

/**
 * Whether the watched session is stored. Updates its id first: the handler's session may have got a new one, or have
 * been saved since the last check.
 */
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
  // A holder of the old id must not follow the session to what a sign-in or new rights gave it.
  return trail.cut === undefined ? { id: idOf(trail.end) } : { problem: 'retired' }
}
