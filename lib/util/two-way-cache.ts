const SETS = 128

/** The longest text to cache, in characters. Longer texts are not worth their memory. */
export const LONGEST_CACHED = 4096

/**
 * A two-way set-associative cache. The end of a name, which is random, selects a set of two places; a third entry of a
 * set evicts the older one. Tracking the order of use would cost more than it gains. With one place in each set, even a
 * few visitors would evict each other.
 */
export class TwoWayCache<T> {
  readonly #names: (string | undefined)[] = []
  readonly #things: (T | undefined)[] = []
  readonly #marks = new Int32Array(2 * SETS)

  /**
   * Returns the thing of a name. Names are compared as strings, not in constant time, although those of cookies are
   * secrets. By timing, an attacker could learn how much of a value of their own agrees with a cached one. But they
   * would have to measure a nanosecond for each character across a network whose delay varies by thousands of them,
   * while the visitor's value is being replaced. And their value has to have the same length, and an end that falls in
   * the same set, to be compared at all.
   */
  get(name: string): T | undefined {
    const set = setOf(markOf(name))
    if (this.#names[set] === name) return this.#things[set]
    return this.#names[set + 1] === name ? this.#things[set + 1] : undefined
  }

  put(name: string, thing: T): void {
    const set = setOf(markOf(name))
    if (this.#names[set + 1] === name) {
      this.#things[set + 1] = thing
      return
    }
    if (this.#names[set] !== name) {
      this.#names[set + 1] = this.#names[set]
      this.#things[set + 1] = this.#things[set]
      this.#names[set] = name
    }
    this.#things[set] = thing
  }

  forget(name: string): void {
    const set = setOf(markOf(name))
    const place = this.#names[set] === name ? set : set + 1
    if (this.#names[place] !== name) return
    this.#names[place] = undefined
    this.#things[place] = undefined
  }

  /** Whether this was called for the name before, and for no two other names of its set since. */
  wasSeen(name: string): boolean {
    const mark = markOf(name)
    const set = setOf(mark)
    if (this.#marks[set] === mark || this.#marks[set + 1] === mark) return true
    this.#marks[set + 1] = this.#marks[set] as number
    this.#marks[set] = mark
    return false
  }

  clear(): void {
    this.#names.length = 0
    this.#things.length = 0
  }
}

function setOf(mark: number): number {
  return 2 * (mark & (SETS - 1))
}

function markOf(name: string): number {
  let mark = 0
  for (let at = name.length - 5; at < name.length; at++) mark = (Math.imul(mark, 31) + name.charCodeAt(at)) | 0
  return mark
}
