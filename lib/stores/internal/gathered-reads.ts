import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RecordStore, StoredRecord } from '../../../types/store.js'

type ReadMany = NonNullable<RecordStore['readMany']>

interface Gathering {
  readonly ids: string[]
  readonly records: ReturnType<ReadMany>
}

/** How many records to ask for at once, so that nobody waits for many others'. */
const most = 32

/**
 * Asks at once for what is read in one turn of the event loop. A server under load takes many visitors' requests in
 * each turn: they share a statement, its way to the engine and back, and a connection of the pool, which halves the
 * processor time of a read. Where a request comes alone, its statement is sent at the end of the turn in which it came.
 */
export class GatheredReads {
  readonly #readMany: ReadMany
  #open: Gathering | undefined

  constructor(readMany: ReadMany) {
    this.#readMany = readMany
  }

  async read(id: string): Promise<StoredRecord | undefined> {
    this.#open ??= this.#begin()
    const { ids, records } = this.#open
    const at = ids.push(id) - 1
    if (ids.length === most) this.#open = undefined
    return (await records)[at]
  }

  #begin(): Gathering {
    const ids: string[] = []
    return { ids, records: this.#askLater(ids) }
  }

  async #askLater(ids: readonly string[]): ReturnType<ReadMany> {
    await nextTurn()
    if (this.#open?.ids === ids) this.#open = undefined
    return this.#readMany(ids)
  }
}
