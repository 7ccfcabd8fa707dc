import type { ReplyState } from '../response/reply-state.js'
import type { SessionState } from '../session/state.js'
import { commit } from './commit.js'

/** The saves of one request, one after the other: what is changed while one is under way is for the next. */
export class SaveQueue {
  readonly #reply: ReplyState
  #last: Promise<void> | undefined

  constructor(reply: ReplyState) {
    this.#reply = reply
  }

  /** When the saves that are under way have ended, however they did. */
  get idle(): Promise<void> | undefined {
    return this.#last
  }

  /**
   * Saves sessions together. `undefined`: done already.
   * @throws FST_SESSIONS_SAVE, or rejects with it
   */
  commit(states: readonly SessionState[]): Promise<void> | undefined {
    const saving = this.#last === undefined ? commit(this.#reply, states) : this.#commitAfter(this.#last, states)
    if (saving !== undefined) this.#note(saving)
    return saving
  }

  async #commitAfter(earlier: Promise<void>, states: readonly SessionState[]): Promise<void> {
    await earlier
    await commit(this.#reply, states)
  }

  #note(saving: Promise<void>): void {
    const end = () => {
      if (this.#last === settled) this.#last = undefined
    }
    const settled = saving.then(end, end)
    this.#last = settled
  }
}
