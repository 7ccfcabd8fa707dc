import type { FastifyBaseLogger } from 'fastify'
import type { AppEvents, Kind, Told } from './app-events.js'

/** Tells what happens to the sessions of one definition. */
export class DefinitionEvents {
  readonly app: AppEvents
  readonly #session: string
  /** The name of its store. */
  readonly store: string

  constructor(app: AppEvents, session: string, store: string) {
    this.app = app
    this.#session = session
    this.store = store
  }

  /** Whether anybody hears of an event of this kind; for what takes time to put together. */
  isHeard(kind: Kind, log: FastifyBaseLogger): boolean {
    return this.app.isHeard(kind, log)
  }

  /** Tells those who listen to events of this kind. */
  tell<K extends Kind>(kind: K, log: FastifyBaseLogger, told: Told<K, 'session' | 'store'>): void {
    if (!this.app.isHeard(kind, log)) return
    this.app.tell(kind, log, { session: this.#session, store: this.store, ...told } as unknown as Told<K>)
  }
}
