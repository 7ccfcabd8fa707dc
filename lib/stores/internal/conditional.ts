import type { StoredRecord, Version } from '../../../types/store.js'
import { attempts, type Done, done } from './attempts.js'
import { freshVersion, wholeEnd } from './envelope.js'

/**
 * The record under a key. An engine extends this with whatever it needs to change exactly this state, such as a
 * revision.
 */
export interface Held {
  readonly record: StoredRecord
}

/**
 * An engine with conditional writes: a write takes effect only if the key still holds the state that was read, or still
 * holds nothing.
 */
export interface ConditionalEngine<H extends Held> {
  get(id: string): Promise<H | undefined>
  /**
   * Creates the record when `held` is left out; otherwise replaces exactly `held`. `false`: the key holds something
   * else.
   */
  put(id: string, record: StoredRecord, held?: H): Promise<boolean>
  /** Deletes exactly `held`. `false`: the key holds something else, or nothing. */
  delete(id: string, held: H): Promise<boolean>
}

/**
 * The methods of a record store over an engine with conditional writes. The version is kept in the record, because the
 * engine's own revision changes when only the end of a record moves, and a touch must not make a concurrent update
 * fail. So every change except a create starts with a read, and starts over when another write came in between.
 */
export class ConditionalRecords<H extends Held> {
  readonly #engine: ConditionalEngine<H>
  readonly #name: string

  constructor(engine: ConditionalEngine<H>, name: string) {
    this.#engine = engine
    this.#name = name
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    return live(await this.#engine.get(id))?.record
  }

  async create(id: string, text: string, expires: number): Promise<Version | undefined> {
    const version = freshVersion()
    const record = { text, version, expires: wholeEnd(expires) }
    if (await this.#engine.put(id, record)) return version
    return this.#change('create', id, async (held) => {
      const found = live(held)?.record
      // The record is this call's own when the client lost the engine's answer and sent the write again.
      if (found) return done(found.version === version ? version : undefined)
      // The id belongs to an expired record, which is replaced.
      return (await this.#engine.put(id, record, held)) ? done(version) : undefined
    })
  }

  async update(id: string, text: string, expires: number, version: Version): Promise<Version | undefined> {
    const next = freshVersion()
    const record = { text, version: next, expires: wholeEnd(expires) }
    return this.#change('update', id, async (held) => {
      const found = live(held)
      if (found?.record.version === next) return done(next)
      if (found?.record.version !== version) return done(undefined)
      return (await this.#engine.put(id, record, found)) ? done(next) : undefined
    })
  }

  touch(id: string, expires: number): Promise<boolean> {
    return this.#change('touch', id, async (held) => {
      const found = live(held)
      if (!found) return done(false)
      const record = { ...found.record, expires: wholeEnd(expires) }
      return (await this.#engine.put(id, record, found)) ? done(true) : undefined
    })
  }

  remove(id: string): Promise<boolean> {
    return this.#change('remove', id, async (held) => {
      const found = live(held)
      if (!found) return done(false)
      return (await this.#engine.delete(id, found)) ? done(true) : undefined
    })
  }

  #change<T>(what: string, id: string, attempt: (held: H | undefined) => Promise<Done<T> | undefined>): Promise<T> {
    return attempts(`${this.#name} store: ${what}`, async () => attempt(await this.#engine.get(id)))
  }
}

/** Returns the held state, or `undefined` if its record has expired by the app's clock. */
export function live<H extends Held>(held: H | undefined): H | undefined {
  return held && held.record.expires > Date.now() ? held : undefined
}
