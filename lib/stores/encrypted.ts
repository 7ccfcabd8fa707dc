import type { Key } from '../../types/options.js'
import type { AsyncRecordStore, RecordStore, StoredRecord, Write } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { ready } from '../seal/aead.js'
import { keepSealing } from '../seal/at-rest.js'
import { idAsText, KeyRing } from '../seal/keys.js'
import { Sealer } from '../seal/sealer.js'
import { storeOptions } from './internal/options.js'
import { isRecordStore, passOn } from './internal/pass-on.js'

export interface EncryptedOptions {
  /**
   * Keys of at least 32 bytes each. The first key encrypts; every key decrypts. A record is encrypted anew when its
   * text is written, not when only its lifetime is renewed. So keep an old key for as long as a session may live at the
   * most.
   */
  readonly keys: readonly (Key | undefined)[]
}

/**
 * Encrypts the records of another store (XChaCha20-Poly1305). Use it when others can read the engine or its backups.
 *
 * Each text is bound to its record: under another id it does not decrypt. The id (a hash), the end of the record, its
 * version and the length of the text stay readable. Someone who can write to the engine can still remove a record or
 * restore an older state of the same record.
 *
 * A read rejects when a record does not decrypt. That counts as a failure of the store (see `onStoreError`) and not as
 * a missing session, so that a key forgotten at a deploy does not end every session. Removing a record needs no key.
 *
 * A text grows by a third and about 64 characters. Combined with a cache, `cached(encrypted(store, …))` decrypts each
 * record once in `ttl`, and `encrypted(cached(store), …)` keeps no readable text in the cache.
 *
 * @throws StoreConfigError when the first argument is not a record store. FST_SESSIONS_CONFIG when a key is missing,
 * too short or given twice.
 * @example
 * ```ts
 * const store = encrypted(redisStore({ client }), { keys: [process.env.RECORD_KEY] })
 * ```
 */
export function encrypted(store: RecordStore, options: EncryptedOptions): AsyncRecordStore {
  if (!isRecordStore(store)) {
    throw new StoreConfigError('encrypted', 'expected a store that keeps records, such as redisStore({ client })')
  }
  const { keys } = storeOptions('encrypted', options, { keys: true })
  const ring = new KeyRing(keys)
  const sealer = new Sealer(ring, 'record at rest', 'encrypt')
  const seal = async (id: string, text: string) => {
    await ready()
    return sealer.seal(text, id)
  }
  const open = async (id: string, record: StoredRecord | undefined) => {
    await ready()
    return record && { ...record, text: opened(sealer, id, record.text) }
  }
  const sealWrite = async (write: Write): Promise<Write> =>
    'text' in write ? { ...write, text: await seal(write.id, write.text) } : write
  const { readMany, saveMany, list } = store

  const sealed: AsyncRecordStore = {
    kind: 'record',
    ...passOn(store),
    setup: async () => {
      await ready()
      await store.setup?.()
    },
    close: async () => {
      sealer.close()
      await store.close?.()
    },
    read: async (id, options) => open(id, await store.read(id, options)),
    create: async (id, text, expires) => store.create(id, await seal(id, text), expires),
    update: async (id, text, expires, version) => store.update(id, await seal(id, text), expires, version),
    touch: async (id, expires) => store.touch(id, expires),
    remove: async (id) => store.remove(id),
    ...(readMany && {
      readMany: async (ids, options) => {
        const records = await readMany.call(store, ids, options)
        return Promise.all(ids.map((id, at) => open(id, records[at])))
      }
    }),
    ...(list && {
      list: async (options) => {
        const { records, next } = await list.call(store, options)
        await ready()
        return { records: records.map((each) => ({ ...each, text: opened(sealer, each.id, each.text) })), next }
      }
    }),
    ...(saveMany && {
      saveMany: async (writes) => saveMany.call(store, await Promise.all(writes.map(sealWrite)))
    })
  }
  return keepSealing(sealed, {
    keyIds: () => ring.keys.map((key) => idAsText(key.id)),
    list: list && ((options) => list.call(store, options)),
    open: (id, text) => sealer.open(text, id).text
  })
}

/** @throws Error when the text does not decrypt */
function opened(sealer: Sealer, id: string, sealed: string): string {
  const result = sealer.open(sealed, id)
  if (result.text !== undefined) return result.text
  throw new Error(`encrypted store: ${reasons[result.problem as keyof typeof reasons] ?? result.problem}`)
}

const reasons = {
  'unknown-key': 'a record was sealed with a key that is not among keys: put that key back, behind the first',
  'bad-seal': 'a record does not open: its text was changed, or belongs to another record',
  malformed: 'a record was not sealed: it was changed, or written without encrypted() around the store'
}
