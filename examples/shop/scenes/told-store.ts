import type { RecordStore, StoredRecord, Version } from 'fastify-sessions'
import type { Stage } from './stage.js'

/**
 * Tells what no event does, since it is between the library and its store: that a write was turned away, or went over what
 * its writer had not seen. What is told is what the store was found to have done.
 */
export class ToldStore implements RecordStore {
  readonly kind = 'record'
  readonly #inner: RecordStore
  readonly #stage: Stage
  /** Who was turned away: they read again, which no event tells. */
  readonly #turnedAway = new Set<string>()

  constructor(inner: RecordStore, stage: Stage) {
    this.#inner = inner
    this.#stage = stage
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    const record = await this.#inner.read(id)
    if (this.#turnedAway.delete(`${this.#stage.lane} ${id}`)) {
      const text = record === undefined ? 'looks again: no record' : `reads again: version ${record.version}`
      this.#stage.tell({ link: 'from', tone: 'read', text })
    }
    return record
  }

  async create(id: string, text: string, expires: number): Promise<Version | undefined> {
    return this.#inner.create(id, text, expires)
  }

  async update(id: string, text: string, expires: number, version: Version): Promise<Version | undefined> {
    const there = await this.#inner.read(id)
    const written = await this.#inner.update(id, text, expires, version)
    if (written === undefined) this.#turnAway(id, refusal(version, there))
    else if (there?.version !== version) this.#stage.tell({ link: 'over', tone: 'fault', text: damage(there) })
    return written
  }

  async touch(id: string, expires: number): Promise<boolean> {
    return this.#inner.touch(id, expires)
  }

  async remove(id: string): Promise<boolean> {
    return this.#inner.remove(id)
  }

  #turnAway(id: string, text: string): void {
    this.#turnedAway.add(`${this.#stage.lane} ${id}`)
    this.#stage.tell({ link: 'stopped', tone: 'replay', text })
  }
}

function refusal(version: Version, there: StoredRecord | undefined): string {
  return there === undefined
    ? `wants to write on version ${version}: no, there is no record any more`
    : `wants to write on version ${version}: no, it is version ${there.version} by now`
}

function damage(there: StoredRecord | undefined): string {
  return there === undefined
    ? 'writes the record that had been removed: it is back'
    : `writes over version ${there.version}, which it has never read`
}
