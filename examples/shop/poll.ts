/** Repeats a task, `interval` ms after it was last done, while `isWanted` returns true. */
export class Poll {
  readonly #interval: number
  readonly #isWanted: () => boolean
  readonly #work: () => Promise<void>
  #timer: NodeJS.Timeout | undefined

  /** @param work The task. A rejection is ignored: the task is tried again in the next round. */
  constructor(interval: number, isWanted: () => boolean, work: () => Promise<void>) {
    this.#interval = interval
    this.#isWanted = isWanted
    this.#work = work
  }

  /** Starts the repetition, unless it is running already. */
  start(): void {
    this.#timer ??= setTimeout(() => this.#round(), this.#interval)
  }

  async #round(): Promise<void> {
    if (this.#isWanted()) await this.#work().catch(() => {})
    this.#timer = undefined
    if (this.#isWanted()) this.start()
  }
}
