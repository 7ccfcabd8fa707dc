const SETS = 128

/** Longer texts are not worth their memory. In characters. */
export const LONGEST_CACHED = 4096

/**
 * A two-way set-associative cache: the end of a name, which is random, tells in which set of two places its thing is kept;
 * the older of two gives way to a third. An order of use would cost more than it gains, and single places would
 * keep two visitors in sixteen from being known.
 */
export class TwoWayCache<T> {
  readonly #names: (string | undefined)[] = []
  readonly #things: (T | undefined)[] = []
  readonly #marks = new Int32Array(2 * SETS)

  /**
   * Names are compared as they are, although those of cookies are secrets. Who measures how long that takes could learn
   * how far a value of his own agrees with one that is remembered, but has to tell a nanosecond for each character behind
   * a network whose answers vary by thousands of them, while the values of a visitor are replaced. To be compared at all,
   * his value has to be as long, and its end to fall in the same set.
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

  /** Whether this was asked of the name before, and of no two others of its set since. */
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
