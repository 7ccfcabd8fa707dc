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
    const earlier = this.#last
    const saving = earlier === undefined ? commit(this.#reply, states) : earlier.then(() => commit(this.#reply, states))
    if (saving === undefined) return undefined
    const end = () => {
      if (this.#last === settled) this.#last = undefined
    }
    const settled = saving.then(end, end)
    this.#last = settled
    return saving
  }
}
