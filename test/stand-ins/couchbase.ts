import { CasMismatchError, DocumentExistsError, DocumentNotFoundError } from 'couchbase'
import type { CouchbaseCollection, CouchbaseWriteOptions } from '../../lib/stores/couchbase.js'

interface Entry {
  readonly content: string
  readonly cas: bigint
  readonly ends: number
}

/**
 * A stand-in for a collection of Couchbase. Its client speaks to nothing but a real server, so this is an object with
 * the client's methods and errors. Every write makes a new CAS, and a document whose expiry has passed is gone.
 */
export class CouchbaseStandIn implements CouchbaseCollection {
  readonly calls: string[] = []
  /** Makes the next call fail, before it is carried out or after. */
  failure: { readonly when: 'before' | 'after'; readonly error: Error } | undefined
  readonly #documents = new Map<string, Entry>()
  #cas = 0n

  async get(key: string) {
    return this.#call('get', () => {
      const { content, cas } = this.#present(key)
      return { content: JSON.parse(content) as unknown, cas }
    })
  }

  async insert(key: string, content: object, { expiry }: CouchbaseWriteOptions) {
    return this.#call('insert', () => {
      if (this.#live(key)) throw new DocumentExistsError()
      return this.#put(key, content, expiry)
    })
  }

  async replace(key: string, content: object, { cas, expiry }: CouchbaseWriteOptions & { cas: never }) {
    return this.#call('replace', () => {
      if (this.#present(key).cas !== cas) throw new CasMismatchError()
      return this.#put(key, content, expiry)
    })
  }

  async remove(key: string, { cas }: { cas: never }) {
    return this.#call('remove', () => {
      if (this.#present(key).cas !== cas) throw new CasMismatchError()
      this.#documents.delete(key)
    })
  }

  /** Changes the CAS, as a real server does when only the expiry of a document moves. */
  touch(key: string): void {
    this.#documents.set(key, { ...this.#present(key), cas: ++this.#cas })
  }

  /** The client answers in a later turn of the event loop, as over a network. */
  async #call<T>(name: string, run: () => T): Promise<T> {
    this.calls.push(name)
    await new Promise((resolve) => setImmediate(resolve))
    const { failure } = this
    this.failure = undefined
    if (failure?.when === 'before') throw failure.error
    const result = run()
    if (failure?.when === 'after') throw failure.error
    return result
  }

  #put(key: string, content: object, expiry: Date): { cas: bigint } {
    const cas = ++this.#cas
    this.#documents.set(key, { content: JSON.stringify(content), cas, ends: Math.floor(expiry.getTime() / 1000) })
    return { cas }
  }

  #present(key: string): Entry {
    const entry = this.#live(key)
    if (entry === undefined) throw new DocumentNotFoundError()
    return entry
  }

  #live(key: string): Entry | undefined {
    const entry = this.#documents.get(key)
    return entry && entry.ends > Date.now() / 1000 ? entry : undefined
  }
}
