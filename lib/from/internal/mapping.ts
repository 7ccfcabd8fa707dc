import type { FromOptions, Mapping, OldData } from '../../../types/from.js'
import type { ResolvedDefinition } from '../../definition/definition.js'
import { COOKIE_AGE } from '../../options/durations.js'
import { formatRecord, parseRecord, type SessionRecord } from '../../records/record.js'
import { durationFault } from '../../util/durations.js'
import { isObject } from '../../util/objects.js'

/** What the app says of old sessions. */
export interface Mapped {
  readonly map: Mapping<OldData, unknown>
  readonly options: FromOptions
}

/** A record and its text, and when it ends, in ms since the epoch. */
export interface NewRecord {
  readonly text: string
  readonly record: SessionRecord
  readonly expires: number
}

/**
 * What an old session is as a record of ours, not checked against the schema yet; `undefined` when the app does not
 * want it.
 * @throws whatever the app's functions throw, and a TypeError for what they give that no session can have
 */
export function recordOf(
  definition: ResolvedDefinition,
  { map, options }: Mapped,
  old: OldData,
  createdAt: number
): NewRecord | undefined {
  const data = map(old)
  if (data === undefined) return undefined
  if (!isObject(data)) throw new TypeError('the mapping gave no object')
  const persist = checkedAge(definition, options.persist?.(old))
  const idle = typeof persist === 'number' ? persist * 1000 : definition.idle
  const expires = createdAt + Math.min(idle, definition.absolute)
  const record: SessionRecord = {
    c: createdAt,
    d: definition.isNamed ? definition.name : undefined,
    e: definition.store === undefined ? expires : undefined,
    v: definition.version === 1 ? undefined : definition.version,
    m: persist,
    s: definition.store === undefined ? undefined : checkedSubject(options.subject?.(old)),
    p: data
  }
  const text = formatRecord(record)
  // What JSON makes of it is what later requests will find.
  const stored = parseRecord(text)
  if (stored === undefined) throw new TypeError('what the mapping gave is no JSON')
  return { text, record: stored, expires }
}

function checkedSubject(subject: unknown): string | undefined {
  if (subject === undefined || (typeof subject === 'string' && subject !== '')) return subject
  throw new TypeError('subject gave neither a non-empty string nor undefined')
}

function checkedAge(definition: ResolvedDefinition, age: number | false | undefined): number | false | undefined {
  if (age === undefined || age === false) return age
  if (durationFault(age, COOKIE_AGE) !== undefined) throw new TypeError('persist gave no number of seconds')
  return Math.min(age, Math.floor(definition.absolute / 1000))
}
