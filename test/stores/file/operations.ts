import { mkdirSync } from 'node:fs'
import { reuseAfter } from '../../../lib/stores/file/state.js'
import { ended, everything, Sweep } from '../../../lib/stores/file/sweep.js'
import { type FileStore, fileStore } from '../../../lib/stores/file.js'
import { putClockForward } from './clock.js'
import { type Lab, tomorrow } from './lab.js'

/** What a writer does to a record whose text is `0`, or which has expired. */
export interface Operation {
  readonly name: string
  readonly ended?: boolean
  /** Whether the store has read the record before, so that it need not open its file. */
  readonly known?: boolean
  readonly run: (store: FileStore, id: string, version: string, shard: string) => unknown
  /** The texts that may be read afterwards, if only this operation was running and was killed. */
  readonly leaves: readonly (string | undefined)[]
}

export const update: Operation = {
  name: 'an update',
  run: (store, id, version) => store.update(id, '0a', tomorrow(), version),
  leaves: ['0', '0a']
}
export const updateOfKnown: Operation = { ...update, name: 'an update of a known record', known: true }
export const remove: Operation = { name: 'a remove', run: (store, id) => store.remove(id), leaves: ['0', undefined] }
export const createAnew: Operation = {
  name: 'a create in the place of what has ended',
  ended: true,
  run: (store, id) => store.create(id, 'a', tomorrow()),
  leaves: [undefined, 'a']
}
export const sweep: Operation = {
  name: 'a sweep',
  ended: true,
  run: (_store, _id, _version, shard) => new Sweep(ended).shard(shard),
  leaves: [undefined]
}
export const touch: Operation = { name: 'a touch', run: (store, id) => store.touch(id, tomorrow()), leaves: ['0'] }

/** Prepares a shard with nothing but one record, and a store that has written before, so that it has spare files. */
export async function prepare({ directory, shard, id }: Lab, operation: Operation) {
  mkdirSync(shard, { recursive: true })
  await new Sweep(everything).shard(shard)
  const store = fileStore({ directory })
  let version = (await store.create(id, '0', tomorrow())) as string
  for (let turn = 0; turn < 3; turn++) version = (await store.update(id, '0', tomorrow(), version)) as string
  for (let turn = 0; operation.known && turn < 2; turn++) await store.read(id)
  putClockForward(reuseAfter) // so that spare files may be reused
  if (operation === sweep) await store.close() // so that a sweep finds only the record
  if (operation.ended) await store.touch(id, Date.now() - 1000)
  return { store, id, version }
}
