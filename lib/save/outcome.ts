import type { Version, Write, WriteResult } from '../../types/store.js'
import { type Encoded, idOf, type Location, type Origin, versionOf } from '../session/origin.js'
import type { SessionState } from '../session/state.js'
import { writtenOrigin } from '../session/stored-origin.js'

/** Lost races in a row after which a writer gives up: some 5 s of pauses. */
export const MAX_ATTEMPTS = 200

/**
 * The session that holds all that is stored now: the one that was to be saved, or a fork of it where that came with an id
 * that was replaced. `dropped`: the session was ended elsewhere while this request ran, and its changes are lost with it.
 */
export type Outcome = SessionState | 'dropped'

/** The write that replaces a record. A record that points to its successor is never replaced. */
export function updateOf(origin: Origin, { text, expires }: Encoded): Write | undefined {
  if (origin.record.n !== undefined) return undefined
  return { kind: 'update', id: idOf(origin), text, expires, version: versionOf(origin) }
}

/** Whether the record was still what `origin` says, so that `next` is stored now; then the writer's changes are saved. */
export function hasReplaced(writer: SessionState, origin: Origin, next: Encoded, version: WriteResult): boolean {
  if (version === undefined) return false
  writer.markSaved(writtenOrigin(writer.definition, origin.location as Location, next, version as Version))
  return true
}
