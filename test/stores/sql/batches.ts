import { equal, ok } from 'node:assert/strict'
import type { AsyncRecordStore, Version, Write } from '../../../types/store.js'
import { freshIds, tomorrow } from './contract.js'

export type BatchingStore = AsyncRecordStore & Required<Pick<AsyncRecordStore, 'readMany' | 'saveMany'>>

/** Returns ten creates, and then updates, touches and removes, in turn, of the same ids. */
export async function createsAndChanges(store: BatchingStore): Promise<readonly [readonly Write[], readonly Write[]]> {
  const expires = tomorrow()
  const creates = freshIds(10).map((id): Write => ({ kind: 'create', id, text: `of ${id}`, expires }))
  const versions = await store.saveMany(creates)
  ok(versions.every((version) => typeof version === 'string'))
  const changes = creates.map(({ id }, at): Write => {
    if (at % 3 === 0) return { kind: 'update', id, text: 'new', expires, version: versions[at] as Version }
    return at % 3 === 1 ? { kind: 'touch', id, expires } : { kind: 'remove', id }
  })
  return [creates, changes]
}

/** Sends a batch of each kind, and returns what `count` has counted for each. `count` starts anew at each call. */
export async function counted(store: BatchingStore, count: () => number): Promise<Readonly<Record<string, number>>> {
  const [creates] = await createsAndChanges(store) // first, so that the engine has prepared the statements
  await store.saveMany((await createsAndChanges(store))[1])
  await store.readMany(creates.map(({ id }) => id))

  count()
  const [others, changes] = await createsAndChanges(store)
  const creating = count()
  const results = await store.saveMany(changes)
  const changing = count()
  const records = await store.readMany(others.map(({ id }) => id))
  const reading = count()
  ok(results.every((result) => result !== undefined && result !== false))
  equal(records.filter((record) => record !== undefined).length, 7)
  return { creating, changing, reading }
}

/**
 * Increments a record again and again. Resolves to how often that was confirmed, and how often its outcome is unknown.
 */
export async function increment(
  store: AsyncRecordStore,
  id: string,
  times: number
): Promise<{ sure: number; unsure: number }> {
  let [sure, unsure] = [0, 0]
  while (sure + unsure < times) {
    try {
      const record = await store.read(id)
      if (!record) throw new Error('the record is gone')
      const version = await store.update(id, String(Number(record.text) + 1), tomorrow(), record.version)
      if (version !== undefined) sure++
    } catch {
      unsure++
    }
  }
  return { sure, unsure }
}

/** Returns all five reads and writes, each of which must reject. */
export function everyCall(store: AsyncRecordStore, id: string, version: Version): readonly (() => Promise<unknown>)[] {
  return [() => store.read(id), ...everyWrite(store, id, version)]
}

export function everyWrite(store: AsyncRecordStore, id: string, version: Version): readonly (() => Promise<unknown>)[] {
  const writes = [
    () => store.create(`${id.slice(0, -1)}-`, 'text', tomorrow()),
    () => store.update(id, 'text', tomorrow(), version),
    () => store.touch(id, tomorrow()),
    () => store.remove(id)
  ]
  const { saveMany } = store
  return saveMany ? [...writes, () => saveMany.call(store, [{ kind: 'remove', id }])] : writes
}
