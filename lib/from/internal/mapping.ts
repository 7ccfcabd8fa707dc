import type { FromOptions, Mapping, OldData } from '../../../types/from.js'
import type { ResolvedDefinition } from '../../definition/definition.js'
import { COOKIE_AGE } from '../../options/durations.js'
import { formatRecord, parseRecord, type SessionRecord } from '../../records/record.js'
import { durationFault } from '../../util/durations.js'
import { isObject } from '../../util/objects.js'

/** The app's mapping of old sessions. */
export interface Mapped {
  readonly map: Mapping<OldData, unknown>
  readonly options: FromOptions
}

/** A record, its text, and when it ends, in ms since the epoch. */
export interface NewRecord {
  readonly text: string
  readonly record: SessionRecord
  readonly expires: number
}

/**
 * Converts an old session to a record of this plugin, which is not checked against the schema yet. `undefined`: the app
 * does not want it.
 * @throws TypeError when the app's functions return a value that no session can hold; otherwise what these functions
 * throw
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
  // The record is parsed from its JSON, so that this request sees the same values as later ones.
  const stored = parseRecord(text)
  if (stored === undefined) throw new TypeError('what the mapping gave is no JSON')
  return { text, record: stored, expires }
}

/** @throws TypeError */
function checkedSubject(subject: unknown): string | undefined {
  if (subject === undefined || (typeof subject === 'string' && subject !== '')) return subject
  throw new TypeError('subject gave neither a non-empty string nor undefined')
}

/** @throws TypeError */
function checkedAge(definition: ResolvedDefinition, age: number | false | undefined): number | false | undefined {
  if (age === undefined || age === false) return age
  if (durationFault(age, COOKIE_AGE) !== undefined) throw new TypeError('persist gave no number of seconds')
  return Math.min(age, Math.floor(definition.absolute / 1000))
}
