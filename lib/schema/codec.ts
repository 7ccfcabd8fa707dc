import { $ZodAsyncError, $ZodEncodeError, type util } from 'zod/v4/core'
import type { SchemaIssue, ValueIssue } from '../../types/schema.js'
import { notJson } from './json.js'

/** The values of a session: a payload in their JSON form, and data as handlers see them. */
export type Payload = Readonly<Record<string, unknown>>
export type Data = Record<string, unknown>

export type Decoded<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/**
 * Converts between payload and data by the definition's schema. No method throws for an invalid value; it returns
 * issues.
 */
export interface Codec {
  decode(payload: Payload): Decoded<Data>
  /** Returns the values of an empty session: the defaults. */
  empty(): Data
  /** Checks the value of one key and returns its stored form. */
  encodeKey(key: string, value: unknown): Decoded<unknown>
  /**
   * Returns the value that a later request will read for the stored form of one key, beside the other values in `data`.
   * It shares no object with its arguments.
   */
  decodeKey(key: string, stored: unknown, data: Data): Decoded<unknown>
  /**
   * Encodes the `changed` keys of `data` into `payload`, which it modifies, checks the whole, and returns the payload
   * to store.
   */
  encode(data: Data, payload: Data, changed: readonly string[]): Decoded<Payload>
  /**
   * Whether a key's value and its stored form are equal as JSON, so that they can be compared directly, and encoding
   * and decoding both create new objects.
   */
  isPlain(key: string): boolean
  /** The keys that a session can have; `undefined` if it can have any key. */
  readonly keys: readonly string[] | undefined
  /** The keys that the schema names. */
  readonly named: readonly string[]
  /** Whether decoding creates new objects for everything, so that several requests can share one payload. */
  readonly makesCopies: boolean
}

/** Converts a single value, such as a flash message. */
export interface ValueCodec {
  decode(stored: unknown): Decoded<unknown>
  encode(value: unknown): Decoded<unknown>
}

/** Returns issues with plain paths. @param key the key to put before the paths, if they begin below it */
export function issuesAt(issues: readonly SchemaIssue[], key?: string): readonly ValueIssue[] {
  return issues.map(({ path = [], message }) => {
    const keys = path.map((part) => (typeof part === 'object' ? part.key : part))
    return { path: key === undefined ? keys : [key, ...keys], message }
  })
}

/** Formats issues as `items[0].qty: expected number; …`. */
export function describeIssues(issues: readonly SchemaIssue[], key?: string): string {
  return issuesAt(issues, key)
    .map(({ path, message }) => {
      const where = path.map((part, index) => {
        if (typeof part === 'number') return `[${part}]`
        return index === 0 ? String(part) : `.${String(part)}`
      })
      return where.length === 0 ? message : `${where.join('')}: ${message}`
    })
    .join('; ')
}

export type Result = Decoded<unknown> | util.SafeParseResult<unknown>

/**
 * Runs a call of zod and turns whatever it throws into issues: an error in a codec is not caught by `safeDecode`, and
 * an asynchronous check throws in a synchronous call.
 */
export function attempt<T>(run: () => Result): Decoded<T> {
  try {
    const result = run()
    if ('success' in result) {
      return result.success ? { value: result.data as T } : { issues: result.error.issues }
    }
    return result as Decoded<T>
  } catch (error) {
    // A cyclic value of a recursive schema overflows the stack.
    if (error instanceof RangeError && /call stack/.test(error.message)) return failed('nested too deep, or a cycle')
    const isZods = error instanceof $ZodAsyncError || error instanceof $ZodEncodeError
    return failed(isZods ? error.message : `a check or codec threw ${nameOf(error)}`)
  }
}

/**
 * Returns the name of an error of the app. Its message must not be shown, because it may quote the value, as those of
 * `BigInt` do.
 */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}

/** Returns the message of an issue about an unknown key. */
export function noSuchKey(keys: readonly string[]): string {
  return `the schema has no such key; it has ${keys.join(', ') || 'none'}`
}

/**
 * The message of an issue about a key that is missing when the session is saved. It is the app's mistake, not the
 * client's.
 */
export const MISSING = 'required, but the session has no value for it'

export function failed(message: string): { readonly issues: readonly SchemaIssue[] } {
  return { issues: [{ message, path: [] }] }
}

export function jsonOnly<T>(value: T): Decoded<T> {
  const problem = value === undefined ? undefined : notJson(value)
  return problem === undefined ? { value } : { issues: [problem] }
}
