import { InvalidValueError } from '../errors.js'
import { PLUGIN_VALUES } from '../records/record.js'
import { copyOf } from '../schema/json.js'
import type { Flashes } from './flashes.js'

/** An object that a plugin holds, which it may change without a word. */
interface Watched {
  readonly value: object
  /** What it looked like, as JSON, when it was given out or last noted. */
  readonly text: string
}

/**
 * What other plugins keep in a session, under keys that its schema does not know, as JSON. Two parallel requests that
 * change different keys both win; of one key the later. An empty object is there for the rest of the request, and not
 * stored: @fastify/flash leaves one for each visitor who is shown a page, who would get a session and a cookie by that.
 */
export class PluginValues {
  readonly #session: string
  readonly #flashes: Flashes
  readonly #watched = new Map<string, Watched>()

  constructor(session: string, flashes: Flashes) {
    this.#session = session
    this.#flashes = flashes
  }

  keys(): string[] {
    const empty = [...this.#watched].flatMap(([key, { text }]) => (text === EMPTY ? key : []))
    return [...this.#flashes.names(PLUGIN_VALUES), ...empty]
  }

  has(key: string): boolean {
    return this.#stored(key) !== undefined || this.#watched.get(key)?.text === EMPTY
  }

  get(key: string): unknown {
    const held = this.#watched.get(key)
    if (held !== undefined) this.#note(key, held)
    const stored = this.#stored(key)
    if (stored === undefined) return this.#watched.get(key)?.value
    if (typeof stored !== 'object' || stored === null) return stored
    const text = JSON.stringify(stored)
    const known = this.#watched.get(key)
    // A parallel request may have stored another value meanwhile.
    if (known?.text === text) return known.value
    const value = copyOf(stored)
    this.#watched.set(key, { value, text })
    return value
  }

  /** `undefined` removes. @throws FST_SESSIONS_INVALID_VALUE when JSON can't hold the value */
  set(key: string, value: unknown): void {
    if (value === undefined) {
      this.delete(key)
      return
    }
    const text = this.#textOf(key, value)
    if (typeof value === 'object' && value !== null) this.#watched.set(key, { value, text })
    else this.#watched.delete(key)
    this.#put(key, text)
  }

  delete(key: string): void {
    this.#watched.delete(key)
    this.#remove(key)
  }

  /**
   * Takes note of the objects that were changed since they were given out. Gives whether one can't be written any more,
   * which is to be told when it is saved, and not to whoever asks whether there is something to be saved.
   */
  noteChanges(): boolean {
    let isBroken = false
    for (const [key, watched] of this.#watched) {
      try {
        this.#note(key, watched)
      } catch {
        isBroken = true
      }
    }
    return isBroken
  }

  /** @throws FST_SESSIONS_INVALID_VALUE when an object that was given out can't be written any more */
  check(): void {
    for (const [key, { value }] of this.#watched) this.#textOf(key, value)
  }

  #note(key: string, { value, text: before }: Watched): void {
    // What was cleared, here or by a parallel request, does not come back with an object that somebody still holds.
    if (!this.has(key)) this.#watched.delete(key)
    else {
      const text = this.#textOf(key, value)
      if (text === before) return
      this.#watched.set(key, { value, text })
      this.#put(key, text)
    }
  }

  #put(key: string, text: string): void {
    if (text === EMPTY) this.#remove(key)
    else if (JSON.stringify(this.#stored(key)) !== text) this.#flashes.put(PLUGIN_VALUES, key, JSON.parse(text))
  }

  #remove(key: string): void {
    if (this.#stored(key) !== undefined) this.#flashes.put(PLUGIN_VALUES, key, undefined)
  }

  #stored(key: string): unknown {
    return this.#flashes.named(PLUGIN_VALUES, key)
  }

  /** As JSON.stringify writes it, like the stores of other session plugins: dates become text, identifiers theirs. */
  #textOf(key: string, value: unknown): string {
    const text = written(value)
    if (text !== undefined) return text
    const reason = 'JSON can not hold this value: keep an object of strings, numbers, arrays and the like'
    throw new InvalidValueError(this.#session, `${key}: ${reason}`, [{ path: [key], message: reason }])
  }
}

const EMPTY = '{}'

/** `undefined` for a function or a symbol, and for what JSON.stringify throws: a cycle, a bigint. */
function written(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}
