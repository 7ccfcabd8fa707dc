import type { Token } from './client.js'

/**
 * The tokens of what was read a moment ago, by the record's version, so that the update that follows a read is one
 * round trip. Bounded: the oldest are forgotten, which costs their update two trips more and nothing else.
 */
export class RecentTokens {
  readonly #limit: number
  readonly #recent = new Map<string, { readonly token: Token; readonly expires: number }>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** `expires`: when the state that was read ends; after that its token must not be used any more. */
  keep(version: string, token: Token, expires: number): void {
    this.#recent.delete(version)
    this.#recent.set(version, { token, expires })
    if (this.#recent.size > this.#limit) this.#forgetOldest()
  }

  /** The token of a live state; it can be taken once. */
  take(version: string): Token | undefined {
    const kept = this.#recent.get(version)
    this.#recent.delete(version)
    return kept && kept.expires > Date.now() ? kept.token : undefined
  }

  #forgetOldest(): void {
    for (const version of this.#recent.keys()) {
      this.#recent.delete(version)
      return
    }
  }
}
