import type { RecordStore, StoredRecord, Version } from 'fastify-sessions'

/**
 * A store as most session libraries have it: it can get, set and delete. What is written replaces what is there, whatever it
 * is, and comes back if it was removed meanwhile.
 */
export class BlindStore implements RecordStore {
  readonly kind = 'record'
  readonly #inner: RecordStore

  constructor(inner: RecordStore) {
    this.#inner = inner
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    return this.#inner.read(id)
  }

  create(id: string, text: string, expires: number): Promise<Version | undefined> {
    return this.#set(id, text, expires)
  }

  update(id: string, text: string, expires: number): Promise<Version | undefined> {
    return this.#set(id, text, expires)
  }

  async touch(id: string, expires: number): Promise<boolean> {
    return this.#inner.touch(id, expires)
  }

  async remove(id: string): Promise<boolean> {
    return this.#inner.remove(id)
  }

  async #set(id: string, text: string, expires: number): Promise<Version | undefined> {
    const there = await this.#inner.read(id)
    return there === undefined
      ? this.#inner.create(id, text, expires)
      : this.#inner.update(id, text, expires, there.version)
  }
}
