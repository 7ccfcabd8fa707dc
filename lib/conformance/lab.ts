import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordStore, StoredRecord, Version } from '../../types/store.js'
import type { OptionalMethod, StoreHarness } from './harness.js'

export const day = 86_400_000

/** A store that has the optional methods `M`. */
export type Having<M extends OptionalMethod> = RecordStore & Required<Pick<RecordStore, M>>

/** The tools of one case: clients that are closed after it, fresh ids, and times that suit the engine's granularity. */
export class Lab {
  readonly rounds: number
  readonly longestText: number
  readonly #harness: StoreHarness
  readonly #granularity: number
  readonly #opened = new Set<RecordStore>()

  constructor(harness: StoreHarness) {
    this.#harness = harness
    this.#granularity = harness.granularity ?? 1
    this.rounds = harness.rounds ?? 20
    this.longestText = harness.longestText ?? 1_048_576
  }

  /** Opens a client, and sets it up. */
  async open(): Promise<RecordStore> {
    return this.#ready(await this.#harness.open())
  }

  /** Opens two clients on the same data. */
  async rivals(): Promise<readonly [RecordStore, RecordStore]> {
    return [await this.open(), await this.open()]
  }

  /** Opens a client, and fails unless its store has these optional methods. */
  async openWith<M extends OptionalMethod>(...methods: readonly M[]): Promise<Having<M>> {
    const store = await this.open()
    for (const method of methods) {
      assert.equal(typeof store[method], 'function', `the store has no ${method}: if meant, say lacks: ['${method}']`)
    }
    return store as Having<M>
  }

  /** Opens another store on the same engine, with records of its own. */
  async neighbour(): Promise<RecordStore> {
    assert.ok(this.#harness.neighbour, 'the harness has no neighbour')
    return this.#ready(await this.#harness.neighbour())
  }

  /** Opens a store whose engine can't be reached. It is not set up. */
  async unreachable(): Promise<RecordStore> {
    assert.ok(this.#harness.unreachable, 'the harness has no unreachable store')
    const store = await this.#harness.unreachable()
    this.#opened.add(store)
    return store
  }

  async close(): Promise<void> {
    await Promise.all([...this.#opened].map((store) => this.end(store)))
  }

  /** Closes one client before the end of the case. */
  async end(store: RecordStore): Promise<void> {
    this.#opened.delete(store)
    await store.close?.()
    await this.#harness.close?.(store)
  }

  /** Returns an end in the near future that still leaves time for a few calls. */
  soon(): number {
    return Date.now() + Math.max(1000, 2 * this.#granularity)
  }

  /**
   * Waits until a record that ends at `soon()` has expired, even in an engine that rounds up and whose clock ticks in
   * steps.
   */
  async outwait(expires: number): Promise<void> {
    await sleep(Math.max(0, expires + 2 * this.#granularity + 50 - Date.now()))
  }

  /** Fails unless the end is the given one, or the given one rounded up to the engine's granularity. */
  assertEnd(got: number | undefined, expires: number): void {
    assert.ok(got !== undefined, 'the record must be there')
    const late = got - expires
    assert.ok(late >= 0 && late < this.#granularity, `expires was ${expires}, came back as ${got} (${late} ms off)`)
  }

  assertRecord(got: StoredRecord | undefined, text: string, version: Version | undefined, expires: number): void {
    assert.deepEqual({ text: got?.text, version: got?.version }, { text, version })
    this.assertEnd(got?.expires, expires)
  }

  async #ready(store: RecordStore): Promise<RecordStore> {
    this.#opened.add(store)
    await store.setup?.()
    return store
  }
}

/** Returns an id like those that the plugin makes: 32 random bytes in base64url. */
export function freshId(): string {
  return randomBytes(32).toString('base64url')
}

export function freshIds(count: number): readonly string[] {
  return Array.from({ length: count }, freshId)
}

/** Returns an end for records that must outlive the suite. */
export function tomorrow(): number {
  return Date.now() + day
}

/** Returns the version, and fails unless it is one. For calls that have to succeed. */
export function written(version: unknown, what: string): Version {
  assert.ok(typeof version === 'string' || typeof version === 'number', `${what} must answer a version, not ${version}`)
  return version
}

/** Creates a record, which must not exist yet. */
export async function put(store: RecordStore, id: string, text: string, expires = tomorrow()): Promise<Version> {
  return written(await store.create(id, text, expires), 'create')
}
