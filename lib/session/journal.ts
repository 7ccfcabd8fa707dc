/**
 * What one request did to a part of a session, in two: the changes that the save under way holds, and those that were made
 * after it had begun. Nobody has to say that a save failed: the changes that were not released are part of the next one.
 */
export class Journal<Changes extends { readonly isCleared: boolean }> {
  /** Two lots of changes, one after the other, as one. */
  readonly #joined: (first: Changes, second: Changes) => Changes
  #held: Changes | undefined
  #since: Changes | undefined

  constructor(joined: (first: Changes, second: Changes) => Changes, held?: Changes) {
    this.#joined = joined
    this.#held = held
  }

  /** The changes that the save under way holds. */
  get held(): Changes | undefined {
    return this.#held
  }

  /** The changes that were made after it had begun. */
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

  /** A save begins: it holds all changes. */
  hold(): Changes | undefined {
    this.#held = this.all
    this.#since = undefined
    return this.#held
  }

  /** The save has worked: the changes that it held are stored. */
  release(): void {
    this.#held = undefined
  }
}
