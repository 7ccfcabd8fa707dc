import type { RecordStore } from '../../types/store.js'
import { breakerOf } from './circuit-breaker.js'
import { create, type Job, readFresh, runJob, update } from './rounds.js'
import { reservedId } from './ticket.js'

/**
 * Remembers when all sessions were cleared: what was sealed before is refused. With a store, every process asks it,
 * at most once in `refresh` milliseconds.
 */
export class ClearMarker {
  readonly #store: RecordStore | undefined
  readonly #refresh: number
  /** How long the marker has to be kept, in ms: as long as a sealed cookie can live. */
  readonly #lifetime: number
  readonly #id: string
  #clearedAt = 0
  /** The latest that a session is known to have been created here. */
  #newest = 0
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(store: RecordStore | undefined, refresh: number, lifetime: number, app?: string) {
    this.#id = reservedId('fastify-sessions clear marker', app)
    this.#store = store
    this.#refresh = refresh
    this.#lifetime = lifetime
  }

  /** In ms since the epoch; 0 for never. */
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
    // Nobody knows what an unreadable marker said: all that was sealed until now is refused, and the marker mended.
    else await this.#mend(now)
    this.#askedAt = now
  }

  /**
   * When a clearing is to have been, if it is done now: later than everything that it has to end and that is known here,
   * also where the clock has been set back, or that of another process is ahead.
   */
  async next(now: number): Promise<number> {
    const at = Math.max(now, Math.min(this.#newest, now + MAX_AHEAD), this.#clearedAt + 1)
    // Here at once, whatever becomes of the store.
    this.#learn(at)
    await this.ask(now)
    return this.#clearedAt === at ? at : this.#clearedAt + 1
  }

  async set(at: number): Promise<void> {
    this.#learn(at)
    if (this.#store !== undefined) this.#learn(await runJob(this.#store, this.#write(at)))
  }

  /** A session was created then, in ms since the epoch. */
  see(createdAt: number): void {
    if (createdAt > this.#newest) this.#newest = createdAt
  }

  /** Whoever finds it mended goes by what it says then: all processes refuse the same. */
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

/** No clock is further ahead than this, in ms: a time beyond it would give every new session a life without end. */
const MAX_AHEAD = 24 * 60 * 60 * 1000

/** `undefined` if the text is no time, or one that is not to be believed. */
function parseMarker(text: string, now: number): number | undefined {
  const at = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return at <= now + MAX_AHEAD ? at : undefined
}
