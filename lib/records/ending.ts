import type { Version } from '../../types/store.js'
import { formatRecord, type SessionRecord } from './record.js'
import { type Job, removeAll, writeAll } from './rounds.js'

/** How long a record stays marked as ended, in ms, if the process dies before it removes the record. */
const ENDED_MS = 60_000

/** A record that is to be ended, as it was read. */
export interface Doomed {
  readonly id: string
  readonly record: SessionRecord
  readonly version: Version
}

/**
 * Marks records as ended by compare-and-set, and then removes them. A parallel request may sign another user in or out
 * in the same session; the compare-and-set lets whichever write comes first win. Returns the ids of the ended records,
 * without those whose record another request changed first.
 */
export function* endRecords(live: readonly Doomed[]): Job<readonly string[]> {
  const expires = Date.now() + ENDED_MS
  const marked = yield* writeAll(
    live.map(({ id, record, version }) => {
      return { kind: 'update', id, text: formatRecord({ c: record.c, x: true }), expires, version }
    })
  )
  const ended = live.flatMap(({ id }, at) => (marked[at] === undefined ? [] : id))
  yield* removeAll(ended)
  return ended
}
