import type { ReplyState } from '../response/reply-state.js'
import type { SessionState } from '../session/state.js'
import { commit } from './commit.js'

/**
 * The saves of one request, run one after the other. Changes made while a save is under way are left to the next one.
 */
export class SaveQueue {
  readonly #reply: ReplyState
  #last: Promise<void> | undefined

  constructor(reply: ReplyState) {
    this.#reply = reply
  }

  /** Resolves when the saves that are under way have ended, successfully or not; `undefined` if there is none. */
  get idle(): Promise<void> | undefined {
    return this.#last
  }

  /**
   * Saves sessions together. Returns `undefined` if that is done already.
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
