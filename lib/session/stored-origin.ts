import type { StoredRecord, Version } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { isLonger } from '../records/record.js'
import { type Job, read } from '../records/rounds.js'
import type { Ticket } from '../records/ticket.js'
import type { Encoded, Location, Origin } from './origin.js'

/**
 * Reads the record of an id. `undefined`: there is none, it is destroyed, longer than `maxBytes`, or not a record of
 * this plugin.
 */
export function* readOrigin(definition: ResolvedDefinition, id: string, ticket?: Ticket): Job<Origin | undefined> {
  return originOf(definition, id, yield* read(id), ticket)
}

/** Returns what the store returned for an id as an origin; `undefined` as above. */
export function originOf(
  definition: ResolvedDefinition,
  id: string,
  stored: StoredRecord | undefined,
  ticket: Ticket | undefined
): Origin | undefined {
  if (stored === undefined || isLonger(stored.text, definition.maxBytes)) return undefined
  const record = definition.recordCache.parse(id, stored.text)
  if (record === undefined || record.x) return undefined
  return { text: stored.text, record, expires: stored.expires, location: { id, version: stored.version, ticket } }
}

/** Returns what was written under an id as an origin. */
export function writtenOrigin(
  definition: ResolvedDefinition,
  { id, ticket }: Omit<Location, 'version'>,
  { text, record, expires, isExact }: Encoded,
  version: Version
): Origin {
  if (isExact) definition.recordCache.replace(id, text, record)
  return { text, record, expires, location: { id, version, ticket } }
}
