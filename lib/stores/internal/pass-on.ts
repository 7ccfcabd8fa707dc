import type { AsyncRecordStore, RecordStore } from '../../../types/store.js'

type PassedOn = 'capabilities' | 'address' | 'list' | 'setup' | 'clear' | 'sweep' | 'close'

/**
 * The optional members that a wrapping store takes over from the store inside it: each of them only if the inner store
 * has it.
 */
export function passOn(store: RecordStore): Pick<AsyncRecordStore, PassedOn> {
  const { list } = store
  return {
    ...(store.capabilities && { capabilities: store.capabilities }),
    ...(store.address && { address: () => store.address?.() ?? Promise.resolve(undefined) }),
    ...(list && { list: async (options) => list.call(store, options) }),
    ...(store.setup && { setup: () => store.setup?.() ?? Promise.resolve() }),
    ...(store.clear && { clear: () => store.clear?.() ?? Promise.resolve() }),
    ...(store.sweep && { sweep: (options) => store.sweep?.(options) ?? Promise.resolve(0) }),
    ...(store.close && { close: () => store.close?.() ?? Promise.resolve() })
  }
}

/** Whether the value is a record store, which another store can wrap. */
export function isRecordStore(store: unknown): store is RecordStore {
  return typeof store === 'object' && store !== null && 'kind' in store && store.kind === 'record'
}
