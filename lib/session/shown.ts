import type { Codec, Data } from '../schema/codec.js'

/** The object that `session.data` last returned, to detect assignments to it, which are a mistake. */
export class Shown {
  readonly #codec: Codec
  #given: Data = {}
  #before: Data = {}
  #assigned: readonly string[] = []

  constructor(codec: Codec) {
    this.#codec = codec
  }

  /** Remembers the object, and returns it. */
  show(data: Data): Data {
    this.#assigned = this.assigned
    this.#given = data
    this.#before = { ...data }
    return data
  }

  /**
   * The keys that were assigned or deleted. Properties that a page adds for itself, which the schema does not know, are
   * ignored.
   */
  get assigned(): readonly string[] {
    const keys = Object.keys({ ...this.#before, ...this.#given })
    const isAssigned = (key: string) => !Object.is(this.#given[key], this.#before[key]) && this.#isKnown(key)
    return [...this.#assigned, ...keys.filter(isAssigned)]
  }

  #isKnown(key: string): boolean {
    return Object.hasOwn(this.#before, key) || !this.#codec.encodeKey(key, this.#given[key]).issues
  }
}
