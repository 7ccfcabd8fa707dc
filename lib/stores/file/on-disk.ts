import { lutimesSync } from 'node:fs'
import type { AsyncRecordStore, StoredRecord, Version, Write, WriteResult } from '../../../types/store.js'
import { perform } from '../internal/writes.js'
import { exchange, type Outcome, removeEnded, replace } from './claims.js'
import { makeShard, makeShardDurably, prepareDirectory, requireDirectory, shardExists } from './directory.js'
import { endOf, hasCode, link, secondsOf, statOf, sync, tidy, timesOf } from './disk.js'
import { failure } from './failure.js'
import { headLength, isVersion } from './format.js'
import { Known } from './known.js'
import { type Place, placeOf, shardNames, shardPath } from './layout.js'
import { readHead, readWhole, type State, type WholeState } from './state.js'
import { ended, everything, type Judgement, Sweep } from './sweep.js'
import { type Temp, Temps } from './temps.js'

export interface SweepProgress {
  /** How many of the 256 sub-directories are done. */
  readonly shards: number
  /** How many records were looked at. */
  readonly examined: number
  /** How many expired records were removed. */
  readonly removed: number
}

export interface FileSweepOptions {
  readonly signal?: AbortSignal
  /** Called when another sub-directory is done. */
  readonly onProgress?: (progress: SweepProgress) => void
}

export interface FileStore extends Required<Omit<AsyncRecordStore, 'capabilities' | 'sweep'>> {
  /** As every store's; after one that was aborted, the next begins where that one stopped. */
  sweep(options?: FileSweepOptions): Promise<number>
}

/** How often a write whose file others took away is tried again. */
const maxTries = 100

/** The file store; `fileStore` says what it does. */
export class OnDisk implements FileStore {
  readonly kind = 'record'
  readonly #directory: string
  readonly #durable: boolean
  readonly #temps: Temps
  readonly #known = new Known()
  readonly #look = (record: string) => this.#known.look(record)
  readonly #knownShards = new Set<string>()
  #firstShard = 0

  constructor(directory: string, durable: boolean) {
    this.#directory = directory
    this.#durable = durable
    this.#temps = new Temps(durable ? makeShardDurably : makeShard)
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    try {
      return this.#read(id)
    } catch (cause) {
      throw failure('read', cause)
    }
  }

  readMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    return Promise.all(ids.map((id) => this.read(id)))
  }

  create(id: string, text: string, expires: number): Promise<Version | undefined> {
    return reporting('create', () => this.#create(id, text, expires))
  }

  update(id: string, text: string, expires: number, version: Version): Promise<Version | undefined> {
    return reporting('update', () => this.#update(id, text, expires, version))
  }

  touch(id: string, expires: number): Promise<boolean> {
    return reporting('touch', () => this.#touch(id, expires))
  }

  remove(id: string): Promise<boolean> {
    return reporting('remove', () => this.#remove(id))
  }

  saveMany(writes: readonly Write[]): Promise<readonly WriteResult[]> {
    return Promise.all(writes.map((write) => perform(this, write)))
  }

  setup(): Promise<void> {
    return reporting('set up', () => prepareDirectory(this.#directory))
  }

  clear(): Promise<void> {
    return reporting('clear', async () => {
      this.#temps.dispose()
      await this.#walk(everything, {})
    })
  }

  sweep(options: FileSweepOptions = {}): Promise<number> {
    return reporting('sweep', () => this.#walk(ended, options))
  }

  async close(): Promise<void> {
    this.#temps.dispose()
  }

  #read(id: string): StoredRecord | undefined {
    const { record } = this.#place(id)
    const state = this.#known.look(record) ?? this.#open(record, id)
    if (!state?.live || state.text === undefined) return undefined
    return { text: state.text, version: state.version, expires: state.stamp.end }
  }

  #open(record: string, id: string): WholeState | undefined {
    const state = readWhole(record, id)
    if (state === undefined) requireDirectory(this.#directory)
    else this.#known.found(record, state)
    return state
  }

  async #create(id: string, text: string, expires: number): Promise<Version | undefined> {
    const place = this.#place(id)
    const make = () => this.#temps.record(place.shard, id, text, expires)
    return (await this.#write(place, make, (temp) => this.#begin(id, place, temp)))?.version
  }

  async #update(id: string, text: string, expires: number, version: Version): Promise<Version | undefined> {
    const place = this.#place(id)
    if (!isVersion(version)) {
      requireDirectory(this.#directory)
      return undefined
    }
    const { shard, record } = place
    const claim = { shard, record, from: version, fits: isLive, look: this.#look }
    const make = () => this.#temps.record(place.shard, id, text, expires)
    const written = await this.#write(place, make, (temp) => exchange(claim, temp, this.#temps))
    if (written === undefined) return undefined
    this.#known.replaced(record, { kind: 'record', version: written.version, live: true, stamp: written.stamp, text })
    return written.version
  }

  /**
   * By path, not by an open file: that could be another record's by now. So a touch and an update at the same time are
   * as good as one after the other, and the mark of a removed record is none the livelier for a time in the future.
   */
  async #touch(id: string, expires: number): Promise<boolean> {
    const { record } = this.#place(id)
    const times = timesOf(expires)
    const now = Date.now()
    const stats = statOf(record)
    if (stats === undefined) requireDirectory(this.#directory)
    if (!stats?.isFile() || stats.size < headLength || endOf(stats) <= now) return false
    try {
      lutimesSync(record, ...secondsOf(times))
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) return false
      throw cause
    }
    if (this.#durable) await sync(record)
    return true
  }

  /** The mark that takes the place of a record makes the updates of slow writers fail. */
  async #remove(id: string): Promise<boolean> {
    const place = this.#place(id)
    for (let state = readHead(place.record); state?.live; state = readHead(place.record)) {
      if (await this.#end(place, state.version)) return true
    }
    requireDirectory(this.#directory)
    return false
  }

  /** Whether this, and not another writer, ended the state `from`. */
  async #end(place: Place, from: string): Promise<boolean> {
    const claim = { ...place, from, fits: isLive }
    try {
      const make = () => this.#temps.removal(place.shard)
      return (await this.#write(place, make, (temp) => replace(claim, temp))) !== undefined
    } catch (cause) {
      if (!hasCode(cause, 'ENOSPC') && !hasCode(cause, 'EDQUOT')) throw cause
    }
    return (await removeEnded(claim)) === 'done' // signing out must work on a full disk
  }

  /** Makes a file, then puts it in its place. Resolves to what it was, or to `undefined` if the place is lost to it. */
  async #write<T extends Temp>(
    place: Place,
    make: () => T,
    put: (temp: T) => Promise<Outcome>
  ): Promise<T | undefined> {
    for (let tries = 0; tries < maxTries; tries++) {
      const temp = make()
      if (this.#durable) await syncOrRemove(temp.path)
      const outcome = await put(temp)
      if (outcome === 'lost') return undefined
      if (outcome === 'void') continue
      if (this.#durable) await sync(place.shard)
      return temp
    }
    throw new Error(`file store: someone keeps removing the temporary files in ${place.shard}: find out who`)
  }

  /** Puts a file where no record is, or one that has ended. `lost`: a live record is there. */
  async #begin(id: string, place: Place, temp: Temp): Promise<Outcome> {
    try {
      const linked = link(temp.path, place.record)
      if (linked !== 'taken') return linked === 'linked' ? 'done' : 'void'
      const found = readWhole(place.record, id)
      if (found?.live) return 'lost'
      if (found === undefined) return 'void'
      const fits = (state: State) => !state.live || found.kind === 'damaged'
      const outcome = await exchange({ ...place, from: found.version, fits }, temp, this.#temps)
      return outcome === 'done' ? 'done' : 'void'
    } finally {
      tidy(temp.path)
    }
  }

  async #walk(judgement: Judgement, { signal, onProgress }: FileSweepOptions): Promise<number> {
    requireDirectory(this.#directory)
    const sweep = new Sweep(judgement, signal)
    const first = this.#firstShard
    for (let done = 0; done < shardNames.length; done++) {
      this.#firstShard = (first + done) % shardNames.length
      const shard = shardPath(this.#directory, shardNames[this.#firstShard] as string)
      await sweep.shard(shard)
      if (signal?.aborted) break
      onProgress?.({ shards: done + 1, examined: sweep.examined, removed: sweep.removed })
    }
    if (sweep.failure) throw sweep.failure
    return sweep.removed
  }

  #place(id: string): Place {
    const place = placeOf(this.#directory, id)
    if (!this.#knownShards.has(place.shard) && shardExists(place.shard)) this.#knownShards.add(place.shard)
    return place
  }
}

async function reporting<T>(action: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw failure(action, cause)
  }
}

async function syncOrRemove(path: string): Promise<void> {
  try {
    await sync(path)
  } catch (cause) {
    tidy(path)
    throw cause
  }
}

function isLive(state: State): boolean {
  return state.live
}
