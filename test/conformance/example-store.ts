import type { RecordStore, StoredRecord } from '../../types/store.js'

/**
 * A complete store on one screen: the smallest one that keeps every promise of the contract. It is correct because each
 * method decides and writes in one step. On a real engine that step is a conditional write, never a read and then a
 * write.
 */
export function exampleStore(): RecordStore {
  const records = new Map<string, StoredRecord>()
  let lastVersion = 0 // not reset by `remove`, so that no id gets a version twice

  const live = (id: string): StoredRecord | undefined => {
    const record = records.get(id)
    return record && record.expires > Date.now() ? record : undefined
  }
  const write = (id: string, text: string, expires: number): number => {
    records.set(id, { text, expires, version: ++lastVersion })
    return lastVersion
  }

  return {
    kind: 'record',
    async read(id) {
      return live(id)
    },
    async create(id, text, expires) {
      return live(id) ? undefined : write(id, text, expires)
    },
    async update(id, text, expires, version) {
      return live(id)?.version === version ? write(id, text, expires) : undefined
    },
    async touch(id, expires) {
      const record = live(id)
      if (record) records.set(id, { ...record, expires })
      return record !== undefined
    },
    async remove(id) {
      return live(id) !== undefined && records.delete(id)
    }
  }
}
