import type { RecordStore } from '../../types/store.js'
import { breakerOf } from './circuit-breaker.js'
import { create, type Job, readFresh, runJob, update } from './rounds.js'
import { reservedId } from './ticket.js'

/**
 * Remembers when all sessions were cleared: a cookie that was sealed before that is refused. With a store, the time is
 * kept in a record, which every process reads at most once in `refresh` milliseconds.
 */
export class ClearMarker {
  readonly #store: RecordStore | undefined
  readonly #refresh: number
  /** How long the marker has to be kept, in ms: the longest lifetime of a sealed cookie. */
  readonly #lifetime: number
  readonly #id: string
  #clearedAt = 0
  /** The latest time at which a session is known to have been created, in ms since the epoch. */
  #newest = 0
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(store: RecordStore | undefined, refresh: number, lifetime: number, app?: string) {
    this.#id = reservedId('fastify-sessions clear marker', app)
    this.#store = store
    this.#refresh = refresh
    this.#lifetime = lifetime
  }

  /** When all sessions were last cleared, in ms since the epoch; 0 for never. */
  get clearedAt(): number {
    return this.#clearedAt
  }

  isDue(): boolean {
    return this.#store !== undefined && Date.now() - this.#askedAt >= this.#refresh
  }

  async ask(now: number): Promise<void> {
    if (this.#store === undefined) return
    const store = this.#store
    const stored = await breakerOf(store).run(async () => store.read(this.#id, { fresh: true }))
    const at = stored === undefined ? 0 : parseMarker(stored.text, now)
    if (at !== undefined) this.#learn(at)
    // The contents of an unreadable marker are unknown. So every cookie sealed until now is refused, and the marker is
    // repaired.
    else await this.#mend(now)
    this.#askedAt = now
  }

  /**
   * Returns the time to record for a clearing that is done now. It is later than every session known here that the
   * clearing has to end, even if the clock has been set back or another process's clock is ahead.
   */
  async next(now: number): Promise<number> {
    const at = Math.max(now, Math.min(this.#newest, now + MAX_AHEAD), this.#clearedAt + 1)
    // The clearing takes effect in this process at once, even if the store fails.
    this.#learn(at)
    await this.ask(now)
    return this.#clearedAt === at ? at : this.#clearedAt + 1
  }

  async set(at: number): Promise<void> {
    this.#learn(at)
    if (this.#store !== undefined) this.#learn(await runJob(this.#store, this.#write(at)))
  }

  /** Notes that a session was created at this time, in ms since the epoch. */
  see(createdAt: number): void {
    if (createdAt > this.#newest) this.#newest = createdAt
  }

  /**
   * Repairs an unreadable marker. If another process was faster, its marker is used, so that all processes refuse the
   * same cookies.
   */
  async #mend(now: number): Promise<void> {
    this.#learn(await runJob(this.#store as RecordStore, this.#mended(now)))
  }

  *#mended(now: number): Job<number> {
    for (;;) {
      const stored = yield* readFresh(this.#id)
      const at = stored && parseMarker(stored.text, now)
      if (stored === undefined || at !== undefined) return at ?? now
      if ((yield* update(this.#id, String(now), now + this.#lifetime, stored.version)) !== undefined) return now
    }
  }

  #learn(at: number): void {
    this.#clearedAt = Math.max(this.#clearedAt, at)
  }

  *#write(now: number): Job<number> {
    for (;;) {
      const stored = yield* readFresh(this.#id)
      const at = Math.max(this.#clearedAt, now, (stored && parseMarker(stored.text, now)) ?? 0)
      const expires = at + this.#lifetime
      const written =
        stored === undefined
          ? yield* create(this.#id, String(at), expires)
          : yield* update(this.#id, String(at), expires, stored.version)
      if (written !== undefined) return at
    }
  }
}

/**
 * The most by which a clock may be ahead, in ms. A new session begins after the last clearing, so a marker far in the
 * future would give every new session a practically endless life. Such a marker is not believed.
 */
const MAX_AHEAD = 24 * 60 * 60 * 1000

/** Parses a marker. `undefined`: the text is no time, or one too far in the future. */
function parseMarker(text: string, now: number): number | undefined {
  const at = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return at <= now + MAX_AHEAD ? at : undefined
}
