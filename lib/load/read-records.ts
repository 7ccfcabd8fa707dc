import type { Awaitable, RecordStore } from '../../types/store.js'
import type { Entry } from '../definition/registry.js'
import { runAlone, runTogether } from '../records/rounds.js'
import type { Loaded } from '../session/source.js'
import { isPromise } from '../util/awaitable.js'
import { loadRecord, type Moment, type OpenedTicket } from './load.js'

/** A session whose cookie names a record. */
export type Named = OpenedTicket & { readonly entry: Entry }

type Result = PromiseSettledResult<Loaded>

/** Reads one record: at once where the store answers so, and has not failed. */
export function readRecord(named: Named, moment: Moment): Awaitable<Result> {
  const { breaker, store } = named.entry
  if (breaker.isOpen) return readRecords([named], moment).then(([result]) => result as Result)
  const result = runAlone(store as RecordStore, loadRecord(named.entry, named, moment))
  return isPromise(result) ? result.then((settled) => noted(named, settled)) : noted(named, result)
}

/** Reads records of one store, in one round trip; in their order, each settles on its own. */
export async function readRecords(named: readonly Named[], moment: Moment): Promise<readonly Result[]> {
  const { breaker } = (named[0] as Named).entry
  try {
    return await breaker.run(() => askAll(named, moment))
  } catch (reason) {
    return named.map(() => ({ status: 'rejected', reason }))
  }
}

/** Rejects where none could be read. */
async function askAll(named: readonly Named[], moment: Moment): Promise<readonly Result[]> {
  const { store } = (named[0] as Named).entry
  const jobs = named.map((each) => loadRecord(each.entry, each, moment))
  const results = await runTogether(store as RecordStore, jobs)
  for (const result of results) if (result.status === 'fulfilled') return results
  throw (results[0] as PromiseRejectedResult).reason
}

function noted({ entry }: Named, result: Result): Result {
  if (result.status === 'rejected') entry.breaker.open(result.reason)
  return result
}
