import type { EvictingStore, RecordStore } from '../../types/store.js'
import { keepSealing, sealingOf } from '../seal/at-rest.js'

/**
 * Wraps a store that may be unreachable when the app starts. Until its set-up has succeeded, every call that touches
 * records fails: an engine that is reachable again may still lack a table, or be one that the store must not use.
 */
export function lateStore(store: RecordStore): RecordStore {
  let isSetUp = false
  const ready = (): Required<RecordStore> => {
    if (isSetUp) return store as Required<RecordStore>
    throw new Error('the store is not set up yet: the app was started without it')
  }
  const { readMany, saveMany, list, clear, sweep, close, address, capabilities, onEvict } = store as RecordStore &
    Partial<EvictingStore>
  const late: RecordStore = {
    kind: 'record',
    ...(capabilities && { capabilities }),
    read: (id, options) => ready().read(id, options),
    create: (id, text, expires) => ready().create(id, text, expires),
    update: (id, text, expires, version) => ready().update(id, text, expires, version),
    touch: (id, expires) => ready().touch(id, expires),
    remove: (id) => ready().remove(id),
    ...(readMany && { readMany: (ids, options) => ready().readMany(ids, options) }),
    ...(saveMany && { saveMany: (writes) => ready().saveMany(writes) }),
    ...(list && { list: (options) => ready().list(options) }),
    ...(clear && { clear: async () => ready().clear() }),
    ...(sweep && { sweep: async (options) => (isSetUp ? ready().sweep(options) : 0) }),
    ...(address && { address: () => address.call(store) }),
    ...(onEvict && { onEvict: (listener: (id: string) => void) => onEvict.call(store, listener) }),
    setup: async () => {
      await store.setup?.()
      isSetUp = true
    },
    close: async () => close?.call(store)
  }
  return keepSealing(late, sealingOf(store))
}
