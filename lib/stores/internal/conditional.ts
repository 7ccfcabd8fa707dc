import type { StoredRecord, Version } from '../../../types/store.js'
import { attempts, type Done, done } from './attempts.js'
import { freshVersion, wholeEnd } from './envelope.js'

/** What a key of the engine holds; an engine adds what it takes to change exactly that. */
export interface Held {
  readonly record: StoredRecord
}

/** An engine that writes on the condition that a key still holds what was read, or nothing. */
export interface ConditionalEngine<H extends Held> {
  get(id: string): Promise<H | undefined>
  /** Creates, or replaces exactly `held`. `false`: the key holds something else. */
  put(id: string, record: StoredRecord, held?: H): Promise<boolean>
  /** `false`: the key holds something else than `held`, or nothing any more. */
  delete(id: string, held: H): Promise<boolean>
}

/**
 * The methods of a record store over such an engine. The version stands in the record: what the engine compares also
 * moves when only the end does, and a touch must not make a writer fail. So any change but a create begins with a read,
 * and begins again when somebody came between.
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
      // One's own, when the engine's client had lost the answer and sent it again.
      if (found) return done(found.version === version ? version : undefined)
      // What has expired is replaced.
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

/** What is held, unless its end has passed by the clock of the app. */
export function live<H extends Held>(held: H | undefined): H | undefined {
  return held && held.record.expires > Date.now() ? held : undefined
}
