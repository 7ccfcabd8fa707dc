import { reuseAfter } from './state.js'

/**
 * A file with this one name: either completely written or spare. Its version is unique: no other file ever has the
 * same.
 */
export interface Temp {
  readonly path: string
  readonly version: string
}

interface Spare {
  readonly temp: Temp
  /** When the file stopped being a record, by `performance.now()`. */
  readonly since: number
}

/**
 * The most spare files to keep. It is enough for 100,000 updates a second: each update adds a file, and takes one that
 * was added at least `reuseAfter` ms earlier.
 */
const maxSpares = 100 * reuseAfter

/**
 * Files that this process's updates have replaced, by shard. They are written anew once no process can still be reading
 * them.
 */
export class Spares {
  readonly #byShard = new Map<string, Spare[]>()
  #count = 0

  get full(): boolean {
    return this.#count >= maxSpares
  }

  /** Adds a file. Call it after the file was replaced. */
  add(shard: string, temp: Temp): void {
    const spare = { temp, since: performance.now() }
    const queue = this.#byShard.get(shard)
    if (queue) queue.push(spare)
    else this.#byShard.set(shard, [spare])
    this.#count++
  }

  take(shard: string): Temp | undefined {
    const queue = this.#byShard.get(shard)
    const oldest = queue?.[0]
    if (oldest === undefined || performance.now() - oldest.since < reuseAfter) return undefined
    queue?.shift()
    this.#count--
    return oldest.temp
  }

  takeAll(): readonly Temp[] {
    const all = [...this.#byShard.values()].flat()
    this.#byShard.clear()
    this.#count = 0
    return all.map(({ temp }) => temp)
  }
}
