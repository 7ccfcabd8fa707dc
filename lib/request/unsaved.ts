import type { SessionState } from '../session/state.js'
import type { RequestSessions } from './request-sessions.js'

/**
 * How long after the response a change may wait for its `save()`, in ms, before the log says that it is lost: whoever
 * goes on working then saves what came of it.
 */
const PATIENCE = 10_000

/** Says in the log which changes nobody saves: those that came after the reply, or beside one that is written by hand. */
export class Unsaved {
  /** What was used after the reply. Most requests leave nothing here. */
  readonly #late = new Map<RequestSessions, Set<SessionState>>()
  readonly #waiting = new Map<RequestSessions, NodeJS.Timeout | undefined>()
  readonly #told = new WeakSet<SessionState>()

  /** A reply that is written by hand passes no hook: only the end of its response tells. */
  follow(sessions: RequestSessions): void {
    const { raw } = sessions.reply
    sessions.isLate = raw.headersSent
    if (raw.writableFinished || raw.destroyed) sessions.isOver = true
    else raw.on('close', () => this.#end(sessions))
  }

  /** A session is used when the reply has left already; whether it is changed is seen later. */
  touch(sessions: RequestSessions, state: SessionState): void {
    // What was not saved with the reply was not meant to be, or its failure was told.
    if (state.isDirty && !state.isSaving) return
    const states = this.#late.get(sessions) ?? new Set()
    this.#late.set(sessions, states.add(state))
    if (sessions.isOver) this.#wait(sessions)
  }

  /** The app closes: what is not saved now never is. */
  close(): void {
    for (const sessions of this.#waiting.keys()) this.#finish(sessions)
  }

  #end(sessions: RequestSessions): void {
    if (sessions.isHijacked && !sessions.isLate) this.#late.set(sessions, new Set(sessions.used))
    sessions.isLate = true
    sessions.isOver = true
    if (this.#late.has(sessions)) this.#wait(sessions)
  }

  #wait(sessions: RequestSessions): void {
    if (this.#waiting.has(sessions)) return
    this.#waiting.set(sessions, undefined)
    setImmediate(() => {
      if (!this.#waiting.has(sessions)) return
      this.#tell(sessions, needsCookie)
      if (this.#lost(sessions).length === 0) this.#forget(sessions)
      else this.#waiting.set(sessions, setTimeout(() => this.#finish(sessions), PATIENCE).unref())
    })
  }

  #finish(sessions: RequestSessions): void {
    this.#tell(sessions, () => true)
    this.#forget(sessions)
  }

  #forget(sessions: RequestSessions): void {
    clearTimeout(this.#waiting.get(sessions))
    this.#waiting.delete(sessions)
    this.#late.delete(sessions)
  }

  #lost(sessions: RequestSessions): readonly SessionState[] {
    return [...(this.#late.get(sessions) ?? [])].filter(
      (state) => state.isDirty && !state.isDetached && !this.#told.has(state)
    )
  }

  /** Once for each session of a request. */
  #tell(sessions: RequestSessions, isSure: (state: SessionState) => boolean): void {
    const { request, route } = sessions
    for (const state of this.#lost(sessions).filter(isSure)) {
      const { name } = state.entry
      this.#told.add(state)
      request.log.warn({ session: name, route }, `session "${name}" ${lostIn(route)}`)
    }
  }
}

/** Whose headers are sent, no `save()` saves it any more. */
function needsCookie({ entry, source }: SessionState): boolean {
  return entry.store === undefined || source === undefined
}

function lostIn(route: string): string {
  return (
    `was changed after the reply of ${route}, or beside one that was written by hand, and is not saved: ` +
    'change it before the reply, or await session.save()'
  )
}
