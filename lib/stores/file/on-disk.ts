import { lutimesSync } from 'node:fs'
import type {
  Awaitable,
  PageOptions,
  RecordPage,
  RecordStore,
  StoredRecord,
  Version,
  Write,
  WriteResult
} from '../../../types/store.js'
import { andThen, orElse } from '../../util/awaitable.js'
import { perform } from '../../util/perform.js'
import { exchange, type Outcome, removeEnded, replace } from './claims.js'
import { makeShard, makeShardDurably, prepareDirectory, requireDirectory, shardExists } from './directory.js'
import { endOf, hasCode, link, secondsOf, statOf, sync, tidy, timesOf } from './disk.js'
import { failure } from './failure.js'
import { headLength, isVersion } from './format.js'
import { Known } from './known.js'
import { type Place, placeOf, shardNames, shardPath } from './layout.js'
import { pageOf } from './pages.js'
import { readHead, readWhole, type State, type WholeState } from './state.js'
import { ended, everything, type Judgement, Sweep } from './sweep.js'
import { type Temp, Temps } from './temps.js'

export interface SweepProgress {
  /** How many of the 256 subdirectories are done. */
  readonly shards: number
  /** How many records were examined. */
  readonly examined: number
  /** How many expired records were removed. */
  readonly removed: number
}

export interface FileSweepOptions {
  readonly signal?: AbortSignal
  /** Called after each subdirectory. */
  readonly onProgress?: (progress: SweepProgress) => void
}

/**
 * A record store whose methods answer at once, unless they have to wait for another writer of the same record or for
 * the disk.
 */
export interface FileStore extends Required<Omit<RecordStore, 'capabilities' | 'address' | 'sweep'>> {
  /**
   * Removes expired records and resolves to their number. After an aborted sweep, the next one continues where it
   * stopped.
   */
  sweep(options?: FileSweepOptions): Promise<number>
}

/** How often a write is tried when other processes remove its temporary file. */
const maxTries = 100

/** The file store. `fileStore` documents what it promises. */
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

  read(id: string): Awaitable<StoredRecord | undefined> {
    return reporting('read', () => this.#read(id))
  }

  readMany(ids: readonly string[]): Promise<readonly (StoredRecord | undefined)[]> {
    return Promise.all(ids.map((id) => this.read(id)))
  }

  create(id: string, text: string, expires: number): Awaitable<Version | undefined> {
    return reporting('create', () => this.#create(id, text, expires))
  }

  update(id: string, text: string, expires: number, version: Version): Awaitable<Version | undefined> {
    return reporting('update', () => this.#update(id, text, expires, version))
  }

  touch(id: string, expires: number): Awaitable<boolean> {
    return reporting('touch', () => this.#touch(id, expires))
  }

  remove(id: string): Awaitable<boolean> {
    return reporting('remove', () => this.#remove(id))
  }

  saveMany(writes: readonly Write[]): Promise<readonly WriteResult[]> {
    return Promise.all(writes.map((write) => perform(this, write)))
  }

  async list(options: PageOptions): Promise<RecordPage> {
    return reporting('list', () => {
      requireDirectory(this.#directory)
      return pageOf(this.#directory, options)
    })
  }

  async setup(): Promise<void> {
    await reporting('set up', () => prepareDirectory(this.#directory))
  }

  async clear(): Promise<void> {
    await reporting('clear', async () => {
      this.#temps.dispose()
      await this.#walk(everything, {})
    })
  }

  async sweep(options: FileSweepOptions = {}): Promise<number> {
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

  #create(id: string, text: string, expires: number): Awaitable<Version | undefined> {
    const place = this.#place(id)
    const make = () => this.#temps.record(place.shard, id, text, expires)
    const written = this.#write(place, make, (temp) => this.#begin(id, place, temp))
    return andThen(written, (temp) => temp?.version)
  }

  #update(id: string, text: string, expires: number, version: Version): Awaitable<Version | undefined> {
    const place = this.#place(id)
    if (!isVersion(version)) {
      requireDirectory(this.#directory)
      return undefined
    }
    const { shard, record } = place
    const claim = { shard, record, from: version, fits: isLive, look: this.#look }
    const make = () => this.#temps.record(place.shard, id, text, expires)
    const written = this.#write(place, make, (temp) => exchange(claim, temp, this.#temps))
    return andThen(written, (temp) => {
      if (temp === undefined) return undefined
      this.#known.replaced(record, { kind: 'record', version: temp.version, live: true, stamp: temp.stamp, text })
      return temp.version
    })
  }

  /**
   * Sets the times by path and not through an open file, because the open file could belong to another record by now.
   * So a touch concurrent with an update has the same result as one after the other. A tombstone stays a tombstone even
   * if it gets a time in the future.
   */
  #touch(id: string, expires: number): Awaitable<boolean> {
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
    return this.#durable ? sync(record).then(() => true) : true
  }

  /** A tombstone takes the place of the record, so that a concurrent update, which holds an older version, fails. */
  async #remove(id: string): Promise<boolean> {
    const place = this.#place(id)
    for (let state = readHead(place.record); state?.live; state = readHead(place.record)) {
      if (await this.#end(place, state.version)) return true
    }
    requireDirectory(this.#directory)
    return false
  }

  /** Ends the state `from`. `false`: another writer changed the record first. */
  async #end(place: Place, from: string): Promise<boolean> {
    const claim = { ...place, from, fits: isLive }
    try {
      const make = () => this.#temps.removal(place.shard)
      return (await this.#write(place, make, (temp) => replace(claim, temp))) !== undefined
    } catch (cause) {
      if (!hasCode(cause, 'ENOSPC') && !hasCode(cause, 'EDQUOT')) throw cause
    }
    return (await removeEnded(claim)) === 'done' // sign-out must work on a full disk
  }

  /**
   * Makes a file and puts it in its place. Resolves to the file, or to `undefined` if another writer won the race.
   *
   * @throws Error when the temporary file vanishes again and again
   */
  #write<T extends Temp>(
    place: Place,
    make: () => T,
    put: (temp: T) => Awaitable<Outcome>,
    triesLeft = maxTries
  ): Awaitable<T | undefined> {
    const temp = make()
    const outcome = this.#durable ? syncOrRemove(temp.path).then(() => put(temp)) : put(temp)
    return andThen(outcome, (outcome) => {
      if (outcome === 'done') return this.#durable ? sync(place.shard).then(() => temp) : temp
      if (outcome === 'lost') return undefined
      if (triesLeft > 1) return this.#write(place, make, put, triesLeft - 1)
      throw new Error(`file store: someone keeps removing the temporary files in ${place.shard}: find out who`)
    })
  }

  /** Puts a file where there is no record, or only an expired one. `lost`: there is a live record. */
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

/**
 * Returns the result of `work`. An error becomes a rejected promise, with a message that says what the store was doing.
 */
function reporting<T>(action: string, work: () => Awaitable<T>): Awaitable<T> {
  return orElse(work, (cause) => Promise.reject(failure(action, cause)))
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
