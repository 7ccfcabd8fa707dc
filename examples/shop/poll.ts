/** Does something again and again, `interval` ms after it was done last, for as long as somebody wants it. */
export class Poll {
  readonly #interval: number
  readonly #isWanted: () => boolean
  readonly #work: () => Promise<void>
  #timer: NodeJS.Timeout | undefined

  /** @param work what it rejects with is not looked at: it is tried again in the next round */
  constructor(interval: number, isWanted: () => boolean, work: () => Promise<void>) {
    this.#interval = interval
    this.#isWanted = isWanted
    this.#work = work
  }

  /** Does nothing when it is running already. */
  start(): void {
    this.#timer ??= setTimeout(() => this.#round(), this.#interval)
  }

  async #round(): Promise<void> {
    if (this.#isWanted()) await this.#work().catch(() => {})
    this.#timer = undefined
    if (this.#isWanted()) this.start()
  }
}
