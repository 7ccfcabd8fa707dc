/**
 * What one request did to a part of a session, in two: what the save under way holds, and what came after that was
 * encoded. How the save ends nobody has to say: what it did not settle is part of the next one.
 */
export class Journal<Changes extends { readonly isCleared: boolean }> {
  /** One after the other, as one. */
  readonly #joined: (first: Changes, second: Changes) => Changes
  #held: Changes | undefined
  #since: Changes | undefined

  constructor(joined: (first: Changes, second: Changes) => Changes, held?: Changes) {
    this.#joined = joined
    this.#held = held
  }

  /** What the save under way holds. */
  get held(): Changes | undefined {
    return this.#held
  }

  /** What came after that. */
  get since(): Changes | undefined {
    return this.#since
  }

  set since(changes: Changes | undefined) {
    this.#since = changes
  }

  get all(): Changes | undefined {
    if (this.#held === undefined || this.#since === undefined) return this.#since ?? this.#held
    return this.#since.isCleared ? this.#since : this.#joined(this.#held, this.#since)
  }

  /** Whether nothing of what is stored is to be kept. */
  get isCleared(): boolean {
    return this.#since?.isCleared === true || this.#held?.isCleared === true
  }

  /** A save begins, and holds all. */
  hold(): Changes | undefined {
    this.#held = this.all
    this.#since = undefined
    return this.#held
  }

  /** What is stored now holds what the save held. */
  release(): void {
    this.#held = undefined
  }
}
