import type { Version } from '../../types/store.js'
import { formatRecord, type SessionRecord } from './record.js'
import { type Job, removeAll, writeAll } from './rounds.js'

/** How long an ended record stays marked, should the process die before it is removed. */
const ENDED_MS = 60_000

/** A record that is to be ended, as it was read. */
export interface Doomed {
  readonly id: string
  readonly record: SessionRecord
  readonly version: Version
}

/**
 * Marks records by compare-and-set, then removes them: what a parallel request makes of a session at the same time,
 * another user's or nobody's, is decided by who comes first. Gives the ids of those that are ended, not of those where
 * others came first.
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
