import { reuseAfter } from './state.js'

/** A file that is whole or spare and has no name but this. Its version is its own: no other file ever has it. */
export interface Temp {
  readonly path: string
  readonly version: string
}

interface Spare {
  readonly temp: Temp
  /** When it stopped being a record, by `performance.now()`. */
  readonly since: number
}

/** How many to keep: enough for 100,000 updates a second, each of which gives one and, `reuseAfter` later, takes one. */
const maxSpares = 100 * reuseAfter

/** Files that were records of this process's updates, by shard, to be written anew once nobody can be reading them. */
export class Spares {
  readonly #byShard = new Map<string, Spare[]>()
  #count = 0

  get full(): boolean {
    return this.#count >= maxSpares
  }

  /** To be called after the file was replaced. */
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
