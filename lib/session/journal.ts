/**
 * The changes of one request to a part of a session, in two parts: the changes that the save under way holds, and those
 * made since it began. A failed save needs no notice: changes that are not released are part of the next save.
 */
export class Journal<Changes extends { readonly isCleared: boolean }> {
  /** Combines two sets of changes, the first made before the second. */
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

  /** The changes made since that save began. */
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

  /** Whether all stored data was cleared. */
  get isCleared(): boolean {
    return this.#since?.isCleared === true || this.#held?.isCleared === true
  }

  /** Starts a save: moves all changes into it, and returns them. */
  hold(): Changes | undefined {
    this.#held = this.all
    this.#since = undefined
    return this.#held
  }

  /** Notes that the save succeeded: the changes that it held are stored. */
  release(): void {
    this.#held = undefined
  }
}
