import type { SchemaIssue } from '../../types/schema.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { InvalidValueError } from '../errors.js'
import { type Decoded, describeIssues, issuesAt, MISSING, noSuchKey } from '../schema/codec.js'

/**
 * Returns the error for values that the session's schema refuses. If a value is wrong, the definition's
 * `invalidValueStatus` applies. If a key is missing or does not exist, the status is 500, because that is a mistake in
 * the app.
 * @param key the key below which the issues' paths begin, if it is not part of them
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

/** Returns the error for a wrong use of a key. Its status is 500: the value, and thus the client, is not to blame. */
export function misuse(session: string, key: string, message: string): InvalidValueError {
  return new InvalidValueError(session, `${key}: ${message}`, [{ path: [key], message }])
}

function knows(keys: readonly string[] | undefined, key: PropertyKey | undefined): boolean {
  return key === undefined || keys === undefined || keys.includes(String(key))
}

/** Refuses the key `__proto__`, so that no key can set a prototype. */
export const NOT_A_KEY: Decoded<never> = { issues: [{ message: 'not a key of a session' }] }
