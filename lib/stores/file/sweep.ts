import type { Stats } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Outcome, removeEnded } from './claims.js'
import { shardExists } from './directory.js'
import { endOf, statOf, tidy } from './disk.js'
import { headLength } from './format.js'
import { claimOf, isRecord, isTemp, workPath } from './layout.js'
import { prefetch, readHead, type State } from './state.js'

/**
 * Decides what a sweep removes. `maybe` judges a record by its file's status, `surely` by its contents, so that most
 * files need not be opened.
 */
export interface Judgement {
  readonly maybe: (stats: Stats) => boolean
  readonly surely: (state: State) => boolean
  /** How old, in milliseconds, a temporary file must be to count as abandoned. */
  readonly abandonedAfter: number
}

/** Removes expired records and tombstones. A writer whose temporary file is removed after a minute writes it again. */
export const ended: Judgement = {
  maybe: (stats) => endOf(stats) <= Date.now() || stats.size < headLength,
  surely: (state) => !state.live,
  abandonedAfter: 60_000
}

export const everything: Judgement = { maybe: () => true, surely: () => true, abandonedAfter: -Infinity }

/** In milliseconds: how long a sweep works before it rests, and how long it rests. */
const work = 2
const rest = 2

/**
 * A walk through shards. It examines files synchronously, which takes a fraction of the processor time of asynchronous
 * calls, but in slices of `work` ms with a pause between them. Those steps of a removal that may wait for the disk are
 * asynchronous.
 */
export class Sweep {
  readonly #judgement: Judgement
  readonly #signal: AbortSignal | undefined
  #sliceEnd = performance.now() + work
  /** How many records were examined. */
  examined = 0
  /** How many records were removed. */
  removed = 0
  /** The first error. The walk goes on after an error. */
  failure: unknown

  constructor(judgement: Judgement, signal?: AbortSignal) {
    this.#judgement = judgement
    this.#signal = signal
  }

  /** Resolves early when the signal aborts. */
  async shard(shard: string): Promise<void> {
    await this.#noting(async () => {
      await this.#restNowAndThen()
      if (!shardExists(shard)) return
      await this.#visitAll(shard, (name) => this.#visitRecord(shard, name))
      await this.#visitAll(workPath(shard), async (name) => this.#visitWork(shard, name))
    })
  }

  async #visitAll(directory: string, visit: (name: string) => Promise<void>): Promise<void> {
    for await (const { name } of await opendir(directory, { bufferSize: 256 })) {
      await this.#restNowAndThen()
      if (this.#signal?.aborted) return
      await this.#noting(() => visit(name))
    }
  }

  async #noting(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (cause) {
      this.failure ??= cause
    }
  }

  async #visitRecord(shard: string, name: string): Promise<void> {
    if (!isRecord(name)) return
    this.examined++
    const path = `${shard}/${name}`
    const stats = statOf(path)
    if (stats?.isFile() && this.#judgement.maybe(stats)) await this.#remove(shard, path)
  }

  #visitWork(shard: string, name: string): void {
    const path = `${workPath(shard)}/${name}`
    const claim = claimOf(name)
    if (isTemp(name)) this.#visitTemp(path)
    else if (claim && readHead(`${shard}/${claim.record}`)?.version !== claim.version) tidy(path)
  }

  #visitTemp(path: string): void {
    const stats = statOf(path)
    if (stats && Date.now() - stats.ctimeMs > this.#judgement.abandonedAfter) tidy(path)
  }

  async #remove(shard: string, record: string): Promise<void> {
    let outcome: Outcome = 'void'
    for (let tries = 0; outcome === 'void' && tries < 5; tries++) {
      await prefetch(record)
      const state = readHead(record)
      if (state === undefined || !this.#judgement.surely(state)) return
      outcome = await removeEnded({ shard, record, from: state.version, fits: this.#judgement.surely })
      if (outcome === 'done' && state.kind === 'record') this.removed++
    }
    this.#sliceEnd = performance.now() + work // other tasks ran during the removal
  }

  async #restNowAndThen(): Promise<void> {
    if (performance.now() < this.#sliceEnd) return
    await sleep(rest)
    this.#sliceEnd = performance.now() + work
  }
}
