import type { Version, Write, WriteResult } from '../../types/store.js'
import { type Encoded, idOf, type Location, type Origin, versionOf } from '../session/origin.js'
import type { SessionState } from '../session/state.js'
import { writtenOrigin } from '../session/stored-origin.js'

/** How many lost races in a row make a writer give up. The pauses between them add up to about 5 s. */
export const MAX_ATTEMPTS = 200

/**
 * The result of a save: the session that holds what is stored now. That is the session to be saved, or a fork of it if
 * the request came with a replaced id. `'dropped'`: the session was ended elsewhere while this request ran, so its
 * changes are lost.
 */
export type Outcome = SessionState | 'dropped'

/**
 * Returns the write that replaces a record; `undefined` for a record that points to its successor, which must not be
 * replaced.
 */
export function updateOf(origin: Origin, { text, expires }: Encoded): Write | undefined {
  if (origin.record.n !== undefined) return undefined
  return { kind: 'update', id: idOf(origin), text, expires, version: versionOf(origin) }
}

/**
 * Whether the write replaced the record of `origin`, by the version that it returned. If so, marks the writer's changes
 * as saved.
 */
export function hasReplaced(writer: SessionState, origin: Origin, next: Encoded, version: WriteResult): boolean {
  if (version === undefined) return false
  writer.markSaved(writtenOrigin(writer.definition, origin.location as Location, next, version as Version))
  return true
}
