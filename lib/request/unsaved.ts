import type { ReplyState } from '../response/reply-state.js'
import type { SessionState } from '../session/state.js'

/**
 * How long after the response a change may wait for its `save()`, in ms, before the log says that it is lost: whoever
 * goes on working then saves what came of it.
 */
const PATIENCE = 10_000

/** The sessions of one request, and its reply. */
interface Followed {
  readonly replyState: ReplyState
  readonly used: readonly SessionState[]
}

/** Says in the log which changes nobody saves: those that came after the reply, or beside one that is written by hand. */
export class Unsaved {
  /** What was used after the reply. Most requests leave nothing here. */
  readonly #late = new Map<Followed, Set<SessionState>>()
  readonly #waiting = new Map<Followed, NodeJS.Timeout | undefined>()
  readonly #told = new WeakSet<SessionState>()

  /**
   * Waits for the end of the response, which alone tells of a reply that is written by hand: it passes no hook. Begins
   * with the first change, since to listen costs more than to read a value.
   */
  follow(followed: Followed): void {
    const { raw } = followed.replyState.reply
    if (raw.writableFinished || raw.destroyed) this.#end(followed)
    else raw.on('close', () => this.#end(followed))
  }

  /** A session is used when the reply has left already; whether it is changed is seen later. */
  touch(sessions: Followed, state: SessionState): void {
    // What was not saved with the reply was not meant to be, or its failure was told.
    if (state.isDirty && !state.isSaving) return
    const states = this.#late.get(sessions) ?? new Set()
    this.#late.set(sessions, states.add(state))
    if (sessions.replyState.isOver) this.#wait(sessions)
  }

  /** The app closes: what is not saved now never is. */
  close(): void {
    for (const sessions of this.#waiting.keys()) this.#finish(sessions)
  }

  #end(sessions: Followed): void {
    const { replyState, used } = sessions
    if (replyState.isHijacked && !replyState.isLate) this.#late.set(sessions, new Set(used))
    replyState.isLate = true
    replyState.isOver = true
    if (this.#late.has(sessions)) this.#wait(sessions)
  }

  #wait(sessions: Followed): void {
    if (this.#waiting.has(sessions)) return
    this.#waiting.set(sessions, undefined)
    setImmediate(() => {
      if (!this.#waiting.has(sessions)) return
      this.#tell(sessions, needsCookie)
      if (this.#lost(sessions).length === 0) this.#forget(sessions)
      else this.#waiting.set(sessions, setTimeout(() => this.#finish(sessions), PATIENCE).unref())
    })
  }

  #finish(sessions: Followed): void {
    this.#tell(sessions, () => true)
    this.#forget(sessions)
  }

  #forget(sessions: Followed): void {
    clearTimeout(this.#waiting.get(sessions))
    this.#waiting.delete(sessions)
    this.#late.delete(sessions)
  }

  #lost(sessions: Followed): readonly SessionState[] {
    return [...(this.#late.get(sessions) ?? [])].filter(
      (state) => state.isDirty && !state.isDetached && !this.#told.has(state)
    )
  }

  /** Once for each session of a request. */
  #tell(sessions: Followed, isSure: (state: SessionState) => boolean): void {
    const { request, route } = sessions.replyState
    for (const state of this.#lost(sessions).filter(isSure)) {
      const { name } = state.definition
      this.#told.add(state)
      request.log.warn({ session: name, route }, `session "${name}" ${lostIn(route)}`)
    }
  }
}

/** Whose headers are sent, no `save()` saves it any more. */
function needsCookie({ definition, origin }: SessionState): boolean {
  return definition.store === undefined || origin === undefined
}

function lostIn(route: string): string {
  return (
    `was changed after the reply of ${route}, or beside one that was written by hand, and is not saved: ` +
    'change it before the reply, or await session.save()'
  )
}
