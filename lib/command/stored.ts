import type { SessionPage } from '../../types/register.js'
import type { StoredRecord } from '../../types/store.js'
import { isStoreId } from '../records/ticket.js'
import type { Opened } from './app.js'
import { describeStored } from './describe.js'
import { counted } from './output.js'
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

/** By store, then by session; `null`: the store can not go through its records. */
export type Counts = Record<string, Record<string, number> | null>

/** Counts live sessions, page by page: those that come and go meanwhile may be counted or not. */
export async function count({ app, registry }: Opened, signal: AbortSignal, tell: (text: () => string) => void) {
  const counts: Counts = {}
  for (const [store, { list }] of registry.stores.namedRecordStores) {
    if (list === undefined) {
      counts[store] = null
      continue
    }
    const found: Record<string, number> = {}
    counts[store] = found
    let [after, seen]: [string | undefined, number] = [undefined, 0]
    do {
      const page: SessionPage = await app.sessions.list({ store, limit: 1000, ...(after !== undefined && { after }) })
      for (const { name = '?' } of page.sessions) found[name] = (found[name] ?? 0) + 1
      seen += page.sessions.length
      after = page.next
      tell(() => `${store}: ${counted(seen)} sessions so far`)
    } while (after !== undefined && !signal.aborted)
    if (signal.aborted) break
  }
  return counts
}
