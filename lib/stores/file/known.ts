import { TwoWayCache } from '../../util/two-way-cache.js'
import { isSameStamp, stampOf, statOf } from './disk.js'
import { reusedSize, type WholeState } from './state.js'

/**
 * What the files of a few records held when this process read or wrote them: one that is still the same need not be
 * opened again, which takes four system calls where this takes one. What is kept in vain outlives the young generation
 * of V8's heap, so a record is kept from when it comes again.
 */
export class Known {
  readonly #recent = new TwoWayCache<WholeState>()

  /** The state of a record whose file has not changed; `undefined` if it is not known. */
  look(path: string): WholeState | undefined {
    const known = this.#recent.get(path)
    if (known === undefined) return undefined
    const now = Date.now()
    const stats = statOf(path)
    if (stats === undefined || !isSameStamp(known.stamp, stampOf(stats))) return undefined
    const { kind, version, stamp, text } = known
    return { kind, version, live: stamp.end > now, stamp, text }
  }

  /** Takes note of what was read. */
  found(path: string, state: WholeState): void {
    if (this.#recent.wasSeen(path)) this.#keep(path, state)
  }

  /** Takes note of what was written in the place of another state. */
  replaced(path: string, state: WholeState): void {
    if (this.#recent.get(path) !== undefined) this.#keep(path, state)
  }

  #keep(path: string, state: WholeState): void {
    if (state.stamp.size <= reusedSize) this.#recent.put(path, state)
  }
}
