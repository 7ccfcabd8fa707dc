import type { Problem } from '../../types/session.js'
import type { KeyRing } from '../seal/keys.js'
import type { Sealer } from '../seal/sealer.js'
import { LONGEST_CACHED, TwoWayCache } from '../util/two-way-cache.js'

/*
 * Browsers send requests in bursts, mostly with the same cookie and the same record. Opening and parsing these again
 * would be most of a session's cost. So up to 256 values are cached, each from the second time it is seen: an entry
 * that is never used again outlives the young generation of V8's heap, and collecting it costs noticeable time.
 * Requests share cached contents, so only immutable ones are cached: records whose schema creates new objects for
 * everything that it decodes.
 */

export type OpenedValue<T> =
  | {
      readonly text: string
      readonly content: T
      /** Whether the value was sealed with an older key or in another mode, and has to be sealed anew. */
      readonly isStale: boolean
      /** The value itself if it was seen before and thus is cached, to pass to `seal` as the value that is replaced. */
      readonly cachedValue: string | undefined
      readonly problem?: undefined
    }
  | { readonly problem: Problem }

/** Seals and opens the values of one session's cookie. */
export interface Sealing<T> {
  open(value: string): OpenedValue<T>
  /**
   * Seals a text.
   * @param content the parsed text, unless others may change it
   * @param replaced the value that it replaces, as `cachedValue` of `open` named it
   */
  seal(text: string, content: T | undefined, replaced?: string): string
  close(): void
}

/** Seals with the app's key ring, and caches opened values. */
export class SealedValues<T> implements Sealing<T> {
  readonly #sealer: Pick<Sealer, 'open' | 'seal' | 'close'>
  readonly #ring: KeyRing
  readonly #parse: (text: string) => T | undefined
  readonly #isConstant: (content: T) => boolean
  readonly #cache = new TwoWayCache<OpenedValue<T>>()
  #generation = 0

  /** @param isConstant whether the content is immutable for everybody who gets it */
  constructor(
    sealer: Pick<Sealer, 'open' | 'seal' | 'close'>,
    ring: KeyRing,
    parse: (text: string) => T | undefined,
    isConstant: (content: T) => boolean
  ) {
    this.#sealer = sealer
    this.#ring = ring
    this.#parse = parse
    this.#isConstant = isConstant
  }

  open(value: string): OpenedValue<T> {
    this.#forgetOldKeys()
    const cached = this.#cache.get(value)
    if (cached !== undefined) return cached
    const opened = this.#sealer.open(value)
    if (opened.text === undefined) return opened
    const content = this.#parse(opened.text)
    if (content === undefined) return { problem: 'malformed' }
    const cachedValue = this.#cache.wasSeen(value) ? value : undefined
    const result = { text: opened.text, content, isStale: opened.stale, cachedValue }
    if (cachedValue !== undefined) this.#remember(value, result)
    return result
  }

  /**
   * Seals a text.
   * @param replaced the value that it replaces, if that was seen before. It is removed from the cache, because browsers
   * no longer send it.
   */
  seal(text: string, content: T | undefined, replaced?: string): string {
    this.#forgetOldKeys()
    const value = this.#sealer.seal(text)
    if (replaced !== undefined) this.#cache.forget(replaced)
    if (replaced === undefined || content === undefined) this.#cache.wasSeen(value)
    else this.#remember(value, { text, content, isStale: false, cachedValue: value })
    return value
  }

  close(): void {
    this.#sealer.close()
    this.#cache.clear()
  }

  #remember(value: string, opened: OpenedValue<T> & { readonly content: T }): void {
    if (value.length <= LONGEST_CACHED && this.#isConstant(opened.content)) this.#cache.put(value, opened)
  }

  /**
   * Clears the cache when the key ring changes: a key that was removed from the ring must not open anything any more.
   */
  #forgetOldKeys(): void {
    if (this.#generation === this.#ring.generation) return
    this.#cache.clear()
    this.#generation = this.#ring.generation
  }
}
