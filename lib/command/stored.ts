import type { StoredRecord } from '../../types/store.js'
import { isStoreId } from '../records/ticket.js'
import type { Opened } from './app.js'
import { describeStored } from './describe.js'
import { UsageError } from './usage.js'

/** What each store has under an id. */
export async function show({ registry }: Opened, id: string, isWithValues: boolean) {
  if (!isStoreId(id))
    throw new UsageError('show: that is no id of a session: those have 43 characters, as session.id gives them')
  const found = await Promise.all(
    [...registry.stores.namedRecordStores].map(
      async ([name, store]) => [name, await store.read(id, { fresh: true })] as const
    )
  )
  return found
    .filter((each): each is readonly [string, StoredRecord] => each[1] !== undefined)
    .map(([name, stored]) => ({ id, ...describeStored(name, stored, isWithValues) }))
}

/** Removes what has expired; gives how many records of each store. */
export async function sweep({ registry }: Opened, signal: AbortSignal): Promise<Readonly<Record<string, number>>> {
  const swept: Record<string, number> = {}
  for (const [name, store] of registry.stores.namedRecordStores) {
    if (signal.aborted) break
    if (store.sweep !== undefined) swept[name] = await store.sweep({ signal })
  }
  return swept
}
