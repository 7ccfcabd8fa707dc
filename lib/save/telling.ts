import type { Awaitable } from '../../types/store.js'
import { isOurs } from '../errors.js'
import { save } from '../events/channels.js'
import { codeOf, faultIn, requestIn } from '../events/shown.js'
import { traced } from '../events/traced.js'
import type { ReplyState } from '../response/reply-state.js'
import type { Origin } from '../session/origin.js'
import type { SessionState } from '../session/state.js'
import type { Task } from './task.js'

/*
 * Events about saves. They are derived by comparing the session before and after the save, so that the code that saves
 * need not know about events. If nobody listens, nothing is recorded.
 */

/** The state of a session before its save, as far as events need it. */
interface Before {
  readonly isNew: boolean
  /** The record under the session's present id. */
  readonly origin: Origin | undefined
  readonly replaced: Origin | undefined
  readonly ended: Origin | undefined
  readonly subject: string | undefined
  /** The user when the request came, which decides whether a new id cuts off the old one. */
  readonly cameFor: string | undefined
  readonly changes: number
  readonly replays: number
  readonly hasNewRights: boolean
  readonly peer: string | undefined
}

/** Starts recording a save; `undefined` if nobody listens. */
export function listen(reply: ReplyState, tasks: readonly Task[]): SaveTelling | undefined {
  const { definition, log } = (tasks[0] as Task).state
  return definition.events.app.areSavesHeard(log) ? new SaveTelling(reply, tasks) : undefined
}

/** One save of one request, with all sessions that it saves together. */
export class SaveTelling {
  readonly #reply: ReplyState
  readonly #since = performance.now()
  readonly #before: ReadonlyMap<SessionState, Before>

  constructor(reply: ReplyState, tasks: readonly Task[]) {
    this.#reply = reply
    this.#before = new Map(tasks.map(({ state }) => [state, beforeOf(state)]))
  }

  /** How long the save has taken so far, in ms. */
  get duration(): number {
    return performance.now() - this.#since
  }

  /** Publishes the events of tasks that succeeded. */
  tell(tasks: readonly Task[]): void {
    const { duration } = this
    for (const task of tasks) this.#tell(task, this.#before.get(task.state) as Before, duration)
  }

  /** Publishes that the session was ended elsewhere while this request ran. */
  tellDropped({ definition: { events }, log, origin, replaced }: SessionState): void {
    const { location, record } = origin ?? replaced ?? {}
    const about = { id: location?.id, subject: record?.s, request: requestIn(this.#reply.request) }
    events.tell('refused', log, { ...about, problem: 'gone', key: undefined, during: 'save', createdAt: record?.c })
  }

  /**
   * Publishes that a store failed. An error of this plugin, such as a value that can't be saved, is not a failure of the
   * store.
   */
  tellFailed({ definition: { events }, log, origin, replaced }: SessionState, error: unknown): void {
    if (error instanceof Error && isOurs(error)) return
    const { location } = origin ?? replaced ?? {}
    const about = { id: location?.id, request: requestIn(this.#reply.request), duration: this.duration }
    events.tell('failed', log, { ...about, operation: 'save', code: codeOf(error) })
  }

  /** Runs the saves at one store as one traced trip. */
  trip<T extends PromiseSettledResult<unknown> | readonly PromiseSettledResult<unknown>[]>(
    tasks: readonly Task[],
    saving: () => Awaitable<T>
  ): Awaitable<T> {
    if (!save.hasSubscribers) return saving()
    const { app, store } = (tasks[0] as Task).state.definition.events
    const names = tasks.map(({ state }) => state.definition.name)
    const trip = { sessions: app.sessions, store, names, request: requestIn(this.#reply.request), isAsync: false }
    return traced(save, trip, saving, (results) => faultIn(store, [results].flat()))
  }

  #tell(task: Task, before: Before, duration: number): void {
    const { definition, log } = task.state
    const { ended, peer } = before
    const written = writtenOf(task)
    if (ended !== undefined) definition.events.tell('destroyed', log, { ...this.#about(ended), duration })
    if (peer !== undefined && task.setsCookie) {
      definition.events.tell('carried', log, { ...this.#about(written?.origin), peer })
    }
    if (written?.origin === undefined) return
    if (task.isRenewal) this.#tellRenewed(task, written, before, duration)
    else if (task.encoded !== undefined) this.#tellWritten(written, before, duration)
  }

  #tellRenewed(
    { setsCookie }: Task,
    { definition, log, origin }: SessionState,
    before: Before,
    duration: number
  ): void {
    const { expires } = origin as Origin
    const about = { ...this.#about(origin), expires }
    const isMoved = definition.store !== undefined && expires !== (before.origin as Origin).expires
    if (isMoved) definition.events.tell('touched', log, { ...about, duration })
    if (setsCookie && before.peer === undefined) definition.events.tell('renewed', log, about)
  }

  #tellWritten(written: SessionState, before: Before, duration: number): void {
    const { events } = written.definition
    const { log, origin } = written
    const { subject } = this.#about(origin)
    const formerId = before.replaced?.location?.id
    const isRegenerated = formerId !== undefined
    if (isRegenerated) {
      events.tell('regenerated', log, { ...this.#about(origin), duration, formerId, cut: cutOf(before, subject) })
    }
    if (subject !== before.subject) {
      events.tell('identified', log, { ...this.#about(origin), formerSubject: before.subject })
    }
    // If the session only got a new id, the event `regenerated` says it all.
    const isMore = before.isNew || before.changes > 0 || written.replays > before.replays
    if (isMore || !isRegenerated) this.#tellChanges(written, before, duration)
  }

  #tellChanges({ definition, log, origin, replays, replayedOn }: SessionState, before: Before, duration: number): void {
    const { events } = definition
    const times = replays - before.replays
    const kind = before.isNew ? 'created' : times > 0 ? 'replayed' : 'saved'
    if (!events.isHeard(kind, log)) return
    const { changes } = before
    const about = { ...this.#about(origin), duration, changes, version: origin?.location?.version }
    if (kind === 'replayed') events.tell(kind, log, { ...about, times, on: replayedOn })
    else events.tell(kind, log, about)
  }

  #about(origin: Origin | undefined) {
    const request = requestIn(this.#reply.request)
    return { id: origin?.location?.id, subject: origin?.record.s, request }
  }
}

/** Publishes that another session of the user was ended because the limit was exceeded. */
export function tellLimited(
  { definition: { events }, log }: SessionState,
  user: string,
  id: string,
  since: number
): void {
  const about = { id, subject: user, request: undefined, duration: performance.now() - since }
  events.tell('revoked', log, { ...about, by: 'limit' })
}

function beforeOf(state: SessionState): Before {
  const { isNew, origin, replaced, toDestroy: ended, content, replays, hasNewRights, arrival } = state
  const { subjectBefore: cameFor, changeCount: changes } = content
  const subject = (origin ?? replaced)?.record.s
  return { isNew, origin, replaced, ended, subject, cameFor, changes, replays, hasNewRights, peer: arrival?.peer }
}

/** Returns the session that holds what was saved; `undefined` if the save failed or was dropped. */
function writtenOf({ state, settled }: Task): SessionState | undefined {
  if (settled === undefined) return state
  return settled.status === 'fulfilled' && settled.value !== 'dropped' ? settled.value : undefined
}

function cutOf(before: Before, subject: string | undefined): 'user' | 'rights' | undefined {
  if (subject !== before.cameFor) return 'user'
  return before.hasNewRights ? 'rights' : undefined
}
