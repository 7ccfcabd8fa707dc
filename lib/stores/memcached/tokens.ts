import type { Token } from './client.js'

/**
 * The tokens of recently read records, by the record's version: the update that follows a read then takes one round
 * trip. The cache is bounded: when the oldest token is dropped, its update takes another round trip and nothing else
 * happens.
 */
export class RecentTokens {
  readonly #limit: number
  readonly #recent = new Map<string, { readonly token: Token; readonly expires: number }>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** @param expires When the state that was read ends; its token must not be used after that. */
  keep(version: string, token: Token, expires: number): void {
    this.#recent.delete(version)
    this.#recent.set(version, { token, expires })
    if (this.#recent.size > this.#limit) this.#forgetOldest()
  }

  /** Returns the token of a live state, and forgets it, because it is good for one `cas`. */
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
