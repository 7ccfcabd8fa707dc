import type { Awaitable, RecordStore } from '../../types/store.js'
import { runAlone, runTogether } from '../records/rounds.js'
import type { Loaded } from '../session/origin.js'
import { isPromise } from '../util/awaitable.js'
import { type Cutoffs, loadRecord, type OpenedTicket } from './load.js'

type Result = PromiseSettledResult<Loaded>

/** Reads one record, synchronously if the store answers so and its circuit breaker is closed. */
export function readRecord(named: OpenedTicket, cutoffs: Cutoffs): Awaitable<Result> {
  const { breaker, store } = named.definition
  if (breaker.isOpen) return probe(named, cutoffs)
  const result = runAlone(store as RecordStore, loadRecord(named, cutoffs))
  return isPromise(result) ? notedLater(named, result) : noted(named, result)
}

async function probe(named: OpenedTicket, cutoffs: Cutoffs): Promise<Result> {
  const [result] = await readRecords([named], cutoffs)
  return result as Result
}

/**
 * Reads records of one store in one round trip. The results are in the order of `named`; each read succeeds or fails on
 * its own.
 */
export async function readRecords(named: readonly OpenedTicket[], cutoffs: Cutoffs): Promise<readonly Result[]> {
  const { breaker } = (named[0] as OpenedTicket).definition
  try {
    return await breaker.run(() => askAll(named, cutoffs))
  } catch (reason) {
    return named.map(() => ({ status: 'rejected', reason }))
  }
}

/** Reads all records; rejects if none of them could be read. */
async function askAll(named: readonly OpenedTicket[], cutoffs: Cutoffs): Promise<readonly Result[]> {
  const { store } = (named[0] as OpenedTicket).definition
  const jobs = named.map((each) => loadRecord(each, cutoffs))
  const results = await runTogether(store as RecordStore, jobs)
  for (const result of results) if (result.status === 'fulfilled') return results
  throw (results[0] as PromiseRejectedResult).reason
}

function noted({ definition }: OpenedTicket, result: Result): Result {
  if (result.status === 'rejected') definition.breaker.open(result.reason)
  return result
}

async function notedLater(named: OpenedTicket, result: Promise<Result>): Promise<Result> {
  return noted(named, await result)
}
