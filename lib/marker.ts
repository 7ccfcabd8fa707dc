import type { RecordStore } from '../types/store.js'
import { breakerOf } from './circuit-breaker.js'
import { reservedId } from './record.js'
import { create, type Job, read, runJob, update } from './rounds.js'

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
    this.#askedAt = now
    this.#clearedAt = Math.max(this.#clearedAt, Number(stored?.text ?? 0))
  }

  async set(now: number): Promise<void> {
    this.#clearedAt = Math.max(this.#clearedAt, now)
    if (this.#store !== undefined) await runJob(this.#store, this.#write())
  }

  *#write(): Job<void> {
    for (;;) {
      const stored = yield* read(this.#id)
      const at = Math.max(this.#clearedAt, Number(stored?.text ?? 0))
      const expires = at + this.#lifetime
      const written =
        stored === undefined
          ? yield* create(this.#id, String(at), expires)
          : yield* update(this.#id, String(at), expires, stored.version)
      if (written !== undefined) return
    }
  }
}
