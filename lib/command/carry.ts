import type { FastifyBaseLogger } from 'fastify'
import type { StoredRecord } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { InvalidValueError } from '../errors.js'
import { isLonger, parseRecord, type SessionRecord } from '../records/record.js'
import { type Job, pause, readFresh, update } from '../records/rounds.js'
import { backoff } from '../records/subject-index.js'
import { nameOf } from '../schema/codec.js'
import { Content } from '../session/content.js'
import { carry, type Read } from '../session/migrate.js'
import type { Encoded } from '../session/origin.js'

/** What became of a record. */
export type Carried =
  /** `isForOlder`: processes of the version before have a form of it that they can read and change. */
  | { readonly is: 'migrated'; readonly isForOlder: boolean }
  | { readonly is: 'current' }
  /** Ended, or replaced by one with another id. */
  | { readonly is: 'gone' }
  | { readonly is: 'left'; readonly reason: string }

/** What is to be written, or why nothing is. */
type Next = { readonly is: 'older'; readonly encoded: Encoded } | Exclude<Carried, { readonly is: 'migrated' }>

/** Lost races in a row after which a record is left to the app, whose saves carry it forward as well. */
const MAX_ATTEMPTS = 20

/**
 * Carries a record to the present version of its session's schema: what is written is what a request would write that
 * loads the session and saves it without a change. By compare-and-set: where the app was faster, it is read again.
 */
export function* carryForward(definition: ResolvedDefinition, id: string): Job<Carried> {
  for (let lost = 0; lost < MAX_ATTEMPTS; lost++) {
    yield* pause(backoff(lost))
    const stored = yield* readFresh(id)
    if (stored === undefined) return { is: 'gone' }
    const next = nextOf(definition, id, stored)
    if (next.is !== 'older') return next
    const { text, expires } = next.encoded
    if ((yield* update(id, text, expires, stored.version)) !== undefined) return migrated(definition, next.encoded)
  }
  return { is: 'left', reason: 'other writers were faster each time' }
}

/** What `carryForward` would come to with this state of the record, if nobody else writes it. */
export function wouldBecome(definition: ResolvedDefinition, id: string, stored: StoredRecord): Carried {
  const next = nextOf(definition, id, stored)
  return next.is === 'older' ? migrated(definition, next.encoded) : next
}

function migrated({ version }: ResolvedDefinition, { record: { o, p } }: Encoded): Carried {
  return { is: 'migrated', isForOlder: p === undefined || (o !== undefined && Object.hasOwn(o, version - 1)) }
}

function nextOf(definition: ResolvedDefinition, id: string, stored: StoredRecord): Next {
  const record = parseRecord(stored.text)
  if (record === undefined || record.n !== undefined || record.x !== undefined) return { is: 'gone' }
  const { v: version = 1 } = record
  if (version === definition.version) return { is: 'current' }
  if (version > definition.version) return { is: 'left', reason: `version ${version} is newer than the app's` }
  if (isLonger(stored.text, definition.maxBytes)) return { is: 'left', reason: 'longer than maxBytes allows' }
  return encoded(definition, id, stored, record)
}

function encoded(definition: ResolvedDefinition, id: string, stored: StoredRecord, record: SessionRecord): Next {
  try {
    const carried = carry(definition, record)
    const read: Read | undefined = 'issues' in carried ? carried.mended : carried
    if (read === undefined) return { is: 'left', reason: reasonOf(carried as Issues) }
    const { text, expires, version } = stored
    const origin = { text, record, expires, location: { id, version, ticket: undefined } }
    return { is: 'older', encoded: Content.of(definition, QUIET, origin, read, false).encode(Date.now()) }
  } catch (error) {
    return { is: 'left', reason: error instanceof InvalidValueError ? reasonOf(error) : saidBy(error) }
  }
}

interface Issues {
  readonly issues: readonly { readonly path?: readonly unknown[] | undefined; readonly message: string }[]
}

/**
 * Each key with what is wrong in it. What stands further down its path can be what a user typed, as the keys of a
 * `z.record` are.
 */
function reasonOf({ issues }: Issues): string {
  const all = issues.map(({ path: [key] = [], message }) => (key === undefined ? message : `${keyOf(key)}: ${message}`))
  return [...new Set(all)].join('; ')
}

function keyOf(part: unknown): string {
  return String(typeof part === 'object' && part !== null && 'key' in part ? part.key : part)
}

/** Errors of the plugin hold no values; the message of one of the app's can quote what is stored. */
function saidBy(error: unknown): string {
  const { code, message } = error as Error & { readonly code?: string }
  return code === 'FST_SESSIONS_RECORD_SIZE' ? message : `the app's own code threw ${nameOf(error)}`
}

/** What a line of the log would say is counted instead. */
const QUIET = { info() {}, warn() {} } as unknown as FastifyBaseLogger
