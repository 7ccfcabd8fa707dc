import type { StoredRecord, Version, Write, WriteResult } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { isLonger, type Ticket } from '../records/record.js'
import { type Job, read } from '../records/rounds.js'
import type { Encoded, Source } from './source.js'
import type { SessionState } from './state.js'

/** Where a record is kept, and what the browser's cookie says of it. */
type Where = Pick<NonNullable<Source['kept']>, 'id' | 'ticket'>

/** Lost races in a row after which a writer gives up: some 5 s of pauses. */
export const MAX_ATTEMPTS = 200

/**
 * What holds all that is stored now: the session itself, unless that came with an id that was replaced. `dropped`: the
 * session was ended elsewhere while this request ran; its changes go with it.
 */
export type Outcome = SessionState | 'dropped'

/** The record of an id; `undefined` when there is none, or it is destroyed, or no record of ours. */
export function* readSource(definition: ResolvedDefinition, id: string, ticket?: Ticket): Job<Source | undefined> {
  return readAs(definition, id, yield* read(id), ticket)
}

/** What the store gave for an id, as a source. */
export function readAs(
  definition: ResolvedDefinition,
  id: string,
  stored: StoredRecord | undefined,
  ticket: Ticket | undefined
): Source | undefined {
  if (stored === undefined || isLonger(stored.text, definition.maxBytes)) return undefined
  const record = definition.recordCache.parse(id, stored.text)
  if (record === undefined || record.x) return undefined
  return { text: stored.text, record, expires: stored.expires, kept: { id, version: stored.version, ticket } }
}

export function writtenAs(
  definition: ResolvedDefinition,
  { id, ticket }: Where,
  { text, record, expires, isExact }: Encoded,
  version: Version
): Source {
  if (isExact) definition.recordCache.learn(id, text, record)
  return { text, record, expires, kept: { id, version, ticket } }
}

/** What replaces the record that `source` says. One that points to a successor is never replaced. */
export function updateOf(source: Source, { text, expires }: Encoded): Write | undefined {
  if (source.record.n !== undefined) return undefined
  return { kind: 'update', id: idOf(source), text, expires, version: versionOf(source) }
}

/** Whether the record was still what `source` says, and is `next` now. */
export function hasReplaced(writer: SessionState, source: Source, next: Encoded, version: WriteResult): boolean {
  if (version === undefined) return false
  writer.settle(writtenAs(writer.definition, source.kept as Where, next, version as Version))
  return true
}

export function idOf(source: Source): string {
  return (source.kept as NonNullable<Source['kept']>).id
}

export function versionOf(source: Source): Version {
  return (source.kept as NonNullable<Source['kept']>).version
}

/** It ended in 1970, so the cookie is due at once. */
export function newTicket(secret: string, id: string, createdAt: number): Ticket {
  return { secret, id, createdAt, expires: 0 }
}
