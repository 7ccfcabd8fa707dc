import { InvalidValueError } from '../errors.js'
import { PLUGIN_VALUES } from '../records/record.js'
import { copyOf } from '../schema/json.js'
import type { Flashes } from './flashes.js'

/** An object that another plugin holds and may change at any time. */
interface Watched {
  readonly value: object
  /** The object as JSON when it was returned or last compared. */
  readonly text: string
}

/**
 * Values that other plugins store in a session, as JSON under keys that its schema does not have. If two parallel
 * requests change different keys, both changes are kept; for the same key the later wins. An empty object lasts for the
 * rest of the request and is not stored: @fastify/flash leaves one for each visitor who opens a page, who would get a
 * session and a cookie by that.
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
    // A parallel request may have stored another value in the meantime.
    if (known?.text === text) return known.value
    const value = copyOf(stored)
    this.#watched.set(key, { value, text })
    return value
  }

  /** Sets a value; `undefined` removes it. @throws FST_SESSIONS_INVALID_VALUE when JSON can't hold the value */
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
   * Records the objects that were changed since they were returned. Returns whether one of them can no longer be
   * encoded. That error is thrown by the save, not here, because this also runs when a caller only asks whether there
   * are changes.
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

  /** Checks all objects. @throws FST_SESSIONS_INVALID_VALUE when one of them can no longer be encoded */
  check(): void {
    for (const [key, { value }] of this.#watched) this.#textOf(key, value)
  }

  #note(key: string, { value, text: before }: Watched): void {
    // A cleared value, here or by a parallel request, must not come back with an object that somebody still holds.
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

  /**
   * Encodes a value by JSON.stringify, as the stores of other session plugins do: a date becomes text.
   * @throws FST_SESSIONS_INVALID_VALUE
   */
  #textOf(key: string, value: unknown): string {
    const text = written(value)
    if (text !== undefined) return text
    const reason = 'JSON can not hold this value: keep an object of strings, numbers, arrays and the like'
    throw new InvalidValueError(this.#session, `${key}: ${reason}`, [{ path: [key], message: reason }])
  }
}

const EMPTY = '{}'

/**
 * Encodes a value as JSON; `undefined` for a function or a symbol, and if JSON.stringify throws, as for a cycle or a
 * bigint.
 */
function written(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}
