import type { Awaitable, RecordStore, Write, WriteResult } from '../../types/store.js'

/** Does one write of a batch, by the store's method for it. */
export function perform(store: RecordStore, write: Write): Awaitable<WriteResult> {
  switch (write.kind) {
    case 'create':
      return store.create(write.id, write.text, write.expires)
    case 'update':
      return store.update(write.id, write.text, write.expires, write.version)
    case 'touch':
      return store.touch(write.id, write.expires)
    case 'remove':
      return store.remove(write.id)
  }
}
