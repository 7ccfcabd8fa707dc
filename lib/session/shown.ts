import type { Codec, Data } from '../schema/codec.js'

/** What `session.data` gave last, to find what was assigned to it by mistake. */
export class Shown {
  readonly #codec: Codec
  #given: Data = {}
  #before: Data = {}
  #assigned: readonly string[] = []

  constructor(codec: Codec) {
    this.#codec = codec
  }

  /** Gives what is to be handed out. */
  show(data: Data): Data {
    this.#assigned = this.assigned
    this.#given = data
    this.#before = { ...data }
    return data
  }

  /** Keys that were assigned to it, or deleted from it; not what a page adds for itself, which the schema does not know. */
  get assigned(): readonly string[] {
    const keys = Object.keys({ ...this.#before, ...this.#given })
    const isAssigned = (key: string) => !Object.is(this.#given[key], this.#before[key]) && this.#isKnown(key)
    return [...this.#assigned, ...keys.filter(isAssigned)]
  }

  #isKnown(key: string): boolean {
    return Object.hasOwn(this.#before, key) || !this.#codec.encodeKey(key, this.#given[key]).issues
  }
}
