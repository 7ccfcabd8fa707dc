import type { SchemaIssue } from '../../types/schema.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { InvalidValueError } from '../errors.js'
import { type Decoded, describeIssues, issuesAt, MISSING, noSuchKey } from '../schema/codec.js'

/**
 * The error for what the session's schema refuses. Whose fault a value is, its sender's or the app's, the definition
 * says; that a key is not there, or does not exist, is the app's.
 * @param key what the issues are about, if their paths begin below it
 */
export function invalidValue(
  { name, codec, invalidValueStatus }: ResolvedDefinition,
  issues: readonly SchemaIssue[],
  key?: string
): InvalidValueError {
  const told = issuesAt(issues, key)
  const isOfApp = told.some(({ path: [first], message }) => message === MISSING || !knows(codec.keys, first))
  return new InvalidValueError(name, describeIssues(told), told, isOfApp ? 500 : invalidValueStatus)
}

export function invalidMessage(
  definition: ResolvedDefinition,
  kind: string,
  issues: readonly SchemaIssue[]
): InvalidValueError {
  const reason = `flash "${kind}": ${describeIssues(issues)}`
  return new InvalidValueError(definition.name, reason, issuesAt(issues, kind), definition.invalidValueStatus)
}

export function unknownKey(session: string, key: string, keys: readonly string[]): InvalidValueError {
  return misuse(session, key, noSuchKey(keys))
}

/** How a key is used, whatever its value: never the fault of who sent that. */
export function misuse(session: string, key: string, message: string): InvalidValueError {
  return new InvalidValueError(session, `${key}: ${message}`, [{ path: [key], message }])
}

function knows(keys: readonly string[] | undefined, key: PropertyKey | undefined): boolean {
  return key === undefined || keys === undefined || keys.includes(String(key))
}

/** No prototype can be set by a key. */
export const NOT_A_KEY: Decoded<never> = { issues: [{ message: 'not a key of a session' }] }
