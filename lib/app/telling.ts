import type { FastifyBaseLogger } from 'fastify'
import type { EvictingStore, RecordStore } from '../../types/store.js'
import type { AppEvents } from '../events/app-events.js'
import { codeOf } from '../events/shown.js'
import type { Ended } from './subject-revoke.js'

/** Publishes events about sessions that happen outside of their requests. */
export class AppTelling {
  readonly #events: AppEvents
  readonly #log: FastifyBaseLogger

  constructor(events: AppEvents, log: FastifyBaseLogger) {
    this.#events = events
    this.#log = log
  }

  /** Starts a revocation. Returns the function to call for each session that it ends. */
  revocation(store: string, subject: string): Ended {
    const since = performance.now()
    return (id, session) => {
      const about = { session, store, id, subject, request: undefined }
      this.#events.tell('revoked', this.#log, { ...about, duration: performance.now() - since, by: 'revoke' })
    }
  }

  cleared(clearedAt: number, since: number): void {
    this.#events.tell('cleared', this.#log, { store: undefined, duration: performance.now() - since, clearedAt })
  }

  /** Publishes evictions. @param stores by name */
  watchEvictions(stores: ReadonlyMap<string, RecordStore & Partial<EvictingStore>>): void {
    for (const [store, evicting] of stores) {
      evicting.onEvict?.((id) => this.#events.tell('evicted', this.#log, { store, id }))
    }
  }

  swept(store: string, removed: number, since: number): void {
    this.#events.tell('swept', this.#log, { store, duration: performance.now() - since, removed })
  }

  sweepFailed(store: string, error: unknown, since: number): void {
    const about = { store, session: undefined, id: undefined, request: undefined }
    const duration = performance.now() - since
    this.#events.tell('failed', this.#log, { ...about, duration, operation: 'sweep', code: codeOf(error) })
  }
}
