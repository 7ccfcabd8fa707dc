import type { Sessions } from 'fastify-sessions'
import { Poll } from './poll.js'

export interface Watch {
  /** Aborts when the session has ended, wherever and however that happened. */
  readonly signal: AbortSignal
  /** Nobody waits for the signal any more. */
  stop(): void
}

interface Watched {
  readonly id: string
  readonly user: string
  readonly controller: AbortController
}

/**
 * Tells responses that go on for long when their session ends: by its user, by revocation from another device or another
 * process, or by its age. Asks the store every `interval` ms, once for each user, and for nobody while nobody waits.
 */
export class SessionSignals {
  readonly #sessions: Sessions
  readonly #watched = new Set<Watched>()
  readonly #poll: Poll

  constructor(sessions: Sessions, interval: number) {
    this.#sessions = sessions
    this.#poll = new Poll(
      interval,
      () => this.#watched.size > 0,
      () => this.#look()
    )
  }

  watch(id: string, user: string): Watch {
    const watched = { id, user, controller: new AbortController() }
    this.#watched.add(watched)
    this.#poll.start()
    return { signal: watched.controller.signal, stop: () => this.#watched.delete(watched) }
  }

  /** Ends all that is waited for: the shop closes. */
  close(): void {
    this.#end([...this.#watched])
  }

  async #look(): Promise<void> {
    const watched = [...this.#watched]
    const users = new Set(watched.map(({ user }) => user))
    const live = new Set((await Promise.all(Array.from(users, (user) => this.#liveOf(user)))).flat())
    this.#end(watched.filter(({ id }) => !live.has(id)))
  }

  /** A store that fails can't say who is still signed in: then all end, and browsers ask again. */
  async #liveOf(user: string): Promise<readonly string[]> {
    const sessions = await this.#sessions.of(user).catch(() => [])
    return sessions.map(({ id }) => id)
  }

  #end(watched: readonly Watched[]): void {
    for (const each of watched) {
      this.#watched.delete(each)
      each.controller.abort()
    }
  }
}
