import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import { conformanceCases, type StoreHarness } from '../../../lib/conformance/index.js'
import type { AsyncRecordStore, RecordStore } from '../../../types/store.js'

/** A store and its connection, which the test closes. */
export interface Opened<Store extends AsyncRecordStore = AsyncRecordStore> {
  readonly store: Store
  close(): unknown
}

/** A way to reach the engine: a driver or a query builder, with the options that matter. */
export interface Way<Store extends AsyncRecordStore = AsyncRecordStore> {
  readonly name: string
  /** Opens a new connection. */
  open(table?: string): Opened<Store> | Promise<Opened<Store>>
  /** Opens a connection to an address without a server. */
  unreachable?(): Opened<Store> | Promise<Opened<Store>>
}

/** Runs the whole conformance suite over one way to the engine, as subtests of `t`. */
export async function keepsTheContract(t: Test, way: Way, more: Partial<StoreHarness> = {}): Promise<void> {
  const all = new Map<RecordStore, Opened>()
  const tables = [freshTable(), freshTable()] as const
  const kept = (opened: Opened) => {
    all.set(opened.store, opened)
    return opened.store
  }
  const { unreachable } = way
  const cases = conformanceCases({
    open: async () => kept(await way.open(tables[0])),
    neighbour: async () => kept(await way.open(tables[1])),
    ...(unreachable && { unreachable: async () => kept(await unreachable()) }),
    close: async (store) => {
      await all.get(store)?.close()
      all.delete(store)
    },
    ...more
  })
  for (const { name, skipped, run } of cases) await t.test(name, { skip: skipped ?? false }, run)
}

/** Returns the name of a table that no other test uses. */
export function freshTable(): string {
  return `sessions_${randomBytes(6).toString('hex')}`
}

export function freshId(): string {
  return randomBytes(32).toString('base64url')
}

export function freshIds(count: number): readonly string[] {
  return Array.from({ length: count }, freshId)
}

export function tomorrow(): number {
  return Date.now() + 86_400_000
}
