import type { AsyncRecordStore, RecordStore } from '../../../types/store.js'

type PassedOn = 'capabilities' | 'address' | 'list' | 'setup' | 'clear' | 'sweep' | 'close'

/** What a store around another one has from it: each of these only if the other one has it. */
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

/** Whether this is a store that another one can be put around. */
export function isRecordStore(store: unknown): store is RecordStore {
  return typeof store === 'object' && store !== null && 'kind' in store && store.kind === 'record'
}
