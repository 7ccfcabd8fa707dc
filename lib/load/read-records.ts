import type { Awaitable, RecordStore } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { runAlone, runTogether } from '../records/rounds.js'
import type { Loaded } from '../session/origin.js'
import { isPromise } from '../util/awaitable.js'
import { type Cutoffs, loadRecord, type OpenedTicket } from './load.js'

/** A session whose cookie names a record. */
export type Named = OpenedTicket & { readonly definition: ResolvedDefinition }

type Result = PromiseSettledResult<Loaded>

/** Reads one record: at once where the store answers so, and has not failed. */
export function readRecord(named: Named, cutoffs: Cutoffs): Awaitable<Result> {
  const { breaker, store } = named.definition
  if (breaker.isOpen) return readRecords([named], cutoffs).then(([result]) => result as Result)
  const result = runAlone(store as RecordStore, loadRecord(named.definition, named, cutoffs))
  return isPromise(result) ? result.then((settled) => noted(named, settled)) : noted(named, result)
}

/** Reads records of one store, in one round trip; in their order, each settles on its own. */
export async function readRecords(named: readonly Named[], cutoffs: Cutoffs): Promise<readonly Result[]> {
  const { breaker } = (named[0] as Named).definition
  try {
    return await breaker.run(() => askAll(named, cutoffs))
  } catch (reason) {
    return named.map(() => ({ status: 'rejected', reason }))
  }
}

/** Rejects where none could be read. */
async function askAll(named: readonly Named[], cutoffs: Cutoffs): Promise<readonly Result[]> {
  const { store } = (named[0] as Named).definition
  const jobs = named.map((each) => loadRecord(each.definition, each, cutoffs))
  const results = await runTogether(store as RecordStore, jobs)
  for (const result of results) if (result.status === 'fulfilled') return results
  throw (results[0] as PromiseRejectedResult).reason
}

function noted({ definition }: Named, result: Result): Result {
  if (result.status === 'rejected') definition.breaker.open(result.reason)
  return result
}
