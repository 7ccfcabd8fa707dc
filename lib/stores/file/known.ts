import { TwoWayCache } from '../../util/two-way-cache.js'
import { isSameStamp, stampOf, statOf } from './disk.js'
import { reusedSize, type WholeState } from './state.js'

/**
 * A cache of recently used records. A file that has not changed since this process read or wrote it need not be opened
 * again, which saves three of four system calls. A record is cached from its second use on: entries that are never used
 * again would outlive the young generation of V8's heap and make garbage collection more expensive.
 */
export class Known {
  readonly #recent = new TwoWayCache<WholeState>()

  /** Returns the state of a record whose file has not changed; `undefined` if it has changed or is not cached. */
  look(path: string): WholeState | undefined {
    const known = this.#recent.get(path)
    if (known === undefined) return undefined
    const now = Date.now()
    const stats = statOf(path)
    if (stats === undefined || !isSameStamp(known.stamp, stampOf(stats))) return undefined
    const { kind, version, stamp, text } = known
    return { kind, version, live: stamp.end > now, stamp, text }
  }

  /** Called with the state of a record that was read. */
  found(path: string, state: WholeState): void {
    if (this.#recent.wasSeen(path)) this.#keep(path, state)
  }

  /** Called with the new state of a record that was replaced. It is cached only if an earlier state was. */
  replaced(path: string, state: WholeState): void {
    if (this.#recent.get(path) !== undefined) this.#keep(path, state)
  }

  #keep(path: string, state: WholeState): void {
    if (state.stamp.size <= reusedSize) this.#recent.put(path, state)
  }
}
