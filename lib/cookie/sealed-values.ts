import type { Problem } from '../../types/session.js'
import type { KeyRing } from '../seal/keys.js'
import type { Sealer } from '../seal/sealer.js'
import { LONGEST_CACHED, TwoWayCache } from '../util/two-way-cache.js'

/*
 * The requests of a browser come in bursts, most with the same cookie and the same record: to open and to parse them
 * again would be most of what a session costs. So up to 256 of each are remembered, from when they come again: what is
 * kept in vain outlives the young generation of V8's heap, and to collect it costs a fifth of a request. What is
 * remembered is shared by requests, so only what nobody can change is: a record whose schema makes new objects of all
 * that it decodes.
 */

export type OpenedValue<T> =
  | {
      readonly text: string
      readonly content: T
      /** Sealed with an older key or in another mode; to be sealed anew. */
      readonly isStale: boolean
      /** The value itself if `seal` is to be told what replaces it: here, where it was seen before, and so is cached. */
      readonly cachedValue: string | undefined
      readonly problem?: undefined
    }
  | { readonly problem: Problem }

/** Seals and opens the values of one session's cookie. */
export interface Sealing<T> {
  open(value: string): OpenedValue<T>
  /**
   * @param content what `text` says, unless others may change it
   * @param replaced the value that it replaces, as `open` named it
   */
  seal(text: string, content: T | undefined, replaced?: string): string
  close(): void
}

/** Seals with the app's keys, and caches what was opened. */
export class SealedValues<T> implements Sealing<T> {
  readonly #sealer: Pick<Sealer, 'open' | 'seal' | 'close'>
  readonly #ring: KeyRing
  readonly #parse: (text: string) => T | undefined
  readonly #isConstant: (content: T) => boolean
  readonly #cache = new TwoWayCache<OpenedValue<T>>()
  #generation = 0

  /** @param isConstant whether nobody who is given the content can change it */
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

  /** @param replaced if that was seen before: it leaves the cache, as browsers send it no more */
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

  /** A key that was taken out of the ring must not open anything any more. */
  #forgetOldKeys(): void {
    if (this.#generation === this.#ring.generation) return
    this.#cache.clear()
    this.#generation = this.#ring.generation
  }
}
