import type { FastifyBaseLogger } from 'fastify'
import type { Problem } from '../../types/session.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { SchemaError } from '../errors.js'
import type { SessionRecord, Written } from '../records/record.js'
import { type Data, type Decoded, describeIssues, nameOf, type Payload } from '../schema/codec.js'
import { isEmpty } from '../schema/json.js'
import type { Stored } from './values.js'

/** A stored payload, migrated to the present schema. */
export interface Read extends Stored {
  /** The version under which it is stored again. */
  readonly version: number
  /**
   * The parts of the record that stay as they are until a value changes, because a process of another version knows
   * more of them than this one.
   */
  readonly form?: Form | undefined
}

/** The parts of a record that depend on the schema's version. */
export type Form = Pick<SessionRecord, 'v' | 'o' | 'p'>

/**
 * Migrates and decodes a stored payload. If that fails, it is repaired or refused as the definition's `onInvalid` says.
 * @throws FST_SESSIONS_SCHEMA if that is `'throw'`
 */
export function readStored(definition: ResolvedDefinition, written: Written, log: FastifyBaseLogger): Read | Problem {
  const { record } = written
  const { p: payload = {}, v: version = 1 } = record
  if (version > definition.version) return readNewer(definition, written, log)
  const carried = carry(definition, record)
  if (!('issues' in carried)) {
    // A migration may have modified its argument, so the text may no longer match the payload.
    const isAsWritten = carried.version === version && !isEmpty(payload)
    return isAsWritten ? { payload, data: carried.data, version, written } : carried
  }
  const { cause: err, mended } = carried
  const details = { session: definition.name, version, issues: describeIssues(carried.issues), ...(err && { err }) }
  if (definition.onInvalid === 'throw') {
    const advice = 'carry it forward by raising version and by a step of migrate'
    const reason = `what version ${version} stored does not fit version ${definition.version}: ${details.issues}: ${advice}`
    throw Object.assign(new SchemaError(definition.name, reason), err && { cause: err })
  }
  if (mended !== undefined) {
    log.info(details, 'a stored session did not fit its schema and was mended')
    return mended
  }
  log.warn(details, 'a stored session does not fit its schema: it begins anew')
  return 'schema'
}

/**
 * Migrates and decodes the payload of a record of this version or an older one. If it does not fit the schema, it
 * returns the issues and what `onInvalid` made of the payload.
 */
export function carry(
  definition: ResolvedDefinition,
  { p: payload = {}, v: version = 1 }: SessionRecord
): Read | Misfit {
  if (isEmpty(payload)) return { payload, data: definition.codec.empty(), version: definition.version }
  const decoded = decodeMigrated(definition, payload, version)
  if (!('issues' in decoded)) return decoded
  return { ...decoded, mended: mend(definition, decoded.payload, version, decoded.issues) }
}

/** Why a record does not fit the present schema. */
export interface Misfit extends Failure {
  /**
   * The payload that the app's `onInvalid` returned; `undefined` if that does not fit either, or there is no such
   * function.
   */
  readonly mended: Read | undefined
}

/**
 * Reads what a process of a newer version stored, during a deploy or before a roll-back. It uses the form for this
 * process's own version if there is one, else the payload as it is, if the schema accepts it. A payload that this
 * process can't read must not be replaced by it either.
 */
function readNewer(definition: ResolvedDefinition, written: Written, log: FastifyBaseLogger): Read | 'newer' {
  const { record } = written
  const { v: version = 1, o, p } = record
  const form: Form = { v: version, o, p }
  const own = ownForm(definition, record)
  if (own !== undefined) {
    const decoded = definition.codec.decode(own)
    if (!decoded.issues) return { payload: own, data: decoded.value, version: definition.version, form }
  }
  const payload = p ?? {}
  if (isEmpty(payload)) return { payload, data: definition.codec.empty(), version: definition.version, form }
  const decoded = definition.codec.decode(payload)
  // The version has to stay, so that the newer process does not migrate the payload again.
  if (!decoded.issues) return { payload, data: decoded.value, version, written, form }
  const details = { session: definition.name, version, issues: describeIssues(decoded.issues) }
  log.info(details, `a newer process stored the session: it is read-only where the version is ${definition.version}`)
  return 'newer'
}

function ownForm(definition: ResolvedDefinition, { o }: SessionRecord): Payload | undefined {
  return o !== undefined && Object.hasOwn(o, definition.version) ? o[definition.version] : undefined
}

/** Returns the values of a record as this process reads them; `undefined` if it can't. */
export function dataOf(definition: ResolvedDefinition, record: SessionRecord): Data | undefined {
  const { p = {}, v = 1 } = record
  const own = v > definition.version ? ownForm(definition, record) : undefined
  const decoded = decodeMigrated(definition, own ?? p, own === undefined ? v : definition.version)
  return 'data' in decoded ? decoded.data : undefined
}

interface Failure {
  readonly payload: Payload
  readonly issues: NonNullable<Decoded<never>['issues']>
  /** The error that a migration step threw. */
  readonly cause?: Error | undefined
}

/** Migrates a payload to the present version and decodes it. */
function decodeMigrated(definition: ResolvedDefinition, payload: Payload, from: number): Read | Failure {
  let migrated = from < definition.version ? structuredClone(payload) : payload
  let version = from
  try {
    for (; version < definition.version; version++) {
      // A missing step changes nothing, because most new versions only add optional keys.
      migrated = (definition.migrate[version]?.(migrated) ?? migrated) as Payload
    }
  } catch (error) {
    const message = `step ${version} of its migration threw ${nameOf(error)}`
    return { payload, issues: [{ message }], cause: withoutMessage(error) }
  }
  const decoded = definition.codec.decode(migrated)
  return decoded.issues
    ? { payload: migrated, issues: decoded.issues }
    : { payload: migrated, data: decoded.value, version }
}

function mend(
  definition: ResolvedDefinition,
  payload: Payload,
  version: number,
  issues: Failure['issues']
): Read | undefined {
  if (typeof definition.onInvalid !== 'function') return undefined
  const mended = definition.onInvalid({
    name: definition.name,
    payload: structuredClone(payload),
    version,
    issues
  }) as Payload
  const decoded = definition.codec.decode(mended)
  return decoded.issues ? undefined : { payload: mended, data: decoded.value, version: definition.version }
}

/**
 * Returns a copy of an error for the log, with its name and stack. The message is left out, because it may quote stored
 * values.
 */
export function withoutMessage(error: unknown): Error | undefined {
  if (!(error instanceof Error)) return undefined
  const { name, message, stack = '' } = error
  const start = stack.indexOf(message) + message.length
  return Object.assign(new Error(name), { name, stack: `${name}\n${stack.slice(stack.indexOf('\n', start) + 1)}` })
}
