import type { ReplyState } from '../response/reply-state.js'
import type { SessionState } from '../session/state.js'

/**
 * How long a change after the response may wait for its `save()` before the log reports it as lost, in ms. Handlers
 * that work on after the response usually save when they are done.
 */
const PATIENCE = 10_000

/** The sessions of one request, and its reply. */
interface Followed {
  readonly replyState: ReplyState
  readonly used: readonly SessionState[]
}

/** Warns of changes that are never saved: those made after the reply, or beside a reply that was written by hand. */
export class Unsaved {
  /** The sessions that were used after the reply, by request. Most requests add none. */
  readonly #late = new Map<Followed, Set<SessionState>>()
  readonly #waiting = new Map<Followed, NodeJS.Timeout | undefined>()
  readonly #told = new WeakSet<SessionState>()

  /**
   * Waits for the end of the response. Nothing else shows a reply that is written by hand, because no hook runs for it.
   * Waiting begins with the first change, since adding the listener costs more than reading a value.
   */
  follow(followed: Followed): void {
    const { raw } = followed.replyState.reply
    if (raw.writableFinished || raw.destroyed) this.#end(followed)
    else raw.on('close', () => this.#end(followed))
  }

  /** Notes that a session is used after the reply was sent. Whether it is also changed is checked later. */
  touch(sessions: Followed, state: SessionState): void {
    // A change that the reply did not save was either not to be saved, or its failure was reported.
    if (state.isDirty && !state.isSaving) return
    const states = this.#late.get(sessions) ?? new Set()
    this.#late.set(sessions, states.add(state))
    if (sessions.replyState.isOver) this.#wait(sessions)
  }

  /** Reports all unsaved changes at once, because the app closes. */
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

  /** Warns once for each session of a request. */
  #tell(sessions: Followed, isSure: (state: SessionState) => boolean): void {
    const { request, route } = sessions.replyState
    for (const state of this.#lost(sessions).filter(isSure)) {
      const { name } = state.definition
      this.#told.add(state)
      request.log.warn({ session: name, route }, `session "${name}" ${lostIn(route)}`)
    }
  }
}

/** Whether saving the session needs a cookie: once the headers are sent, `save()` can't save it any more. */
function needsCookie({ definition, origin }: SessionState): boolean {
  return definition.store === undefined || origin === undefined
}

function lostIn(route: string): string {
  return (
    `was changed after the reply of ${route}, or beside one that was written by hand, and is not saved: ` +
    'change it before the reply, or await session.save()'
  )
}
