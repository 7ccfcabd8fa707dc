import { $ZodAsyncError, $ZodEncodeError, type util } from 'zod/v4/core'
import type { SchemaIssue, ValueIssue } from '../../types/schema.js'
import { notJson } from './json.js'

/** A session's values as JSON holds them, and as handlers hold them. */
export type Payload = Readonly<Record<string, unknown>>
export type Data = Record<string, unknown>

export type Decoded<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** Between payload and data, as the definition's schema says. Nothing here throws for a bad value: it tells issues. */
export interface Codec {
  decode(payload: Payload): Decoded<Data>
  /** What an empty session holds: the defaults. */
  empty(): Data
  /** The stored form of one key's value, checked. */
  encodeKey(key: string, value: unknown): Decoded<unknown>
  /** What a later request reads of one key's stored form, beside the other values in `data`: an object of its own. */
  decodeKey(key: string, stored: unknown, data: Data): Decoded<unknown>
  /** The payload to store: `payload`, which is changed, with the `changed` keys of `data` in it, checked as a whole. */
  encode(data: Data, payload: Data, changed: readonly string[]): Decoded<Payload>
  /**
   * Whether a value of the key and its stored form look alike, so that both can be compared as they are, and each is made
   * anew by decoding and by encoding.
   */
  isPlain(key: string): boolean
  /** The keys that a session can have; `undefined` if it can have any. */
  readonly keys: readonly string[] | undefined
  /** The keys that the schema names. */
  readonly named: readonly string[]
  /** Whether decoding makes new objects of all it is given, so that one payload can serve several requests. */
  readonly makesCopies: boolean
}

/** One value of its own: a flash message. */
export interface ValueCodec {
  decode(stored: unknown): Decoded<unknown>
  encode(value: unknown): Decoded<unknown>
}

/** @param key what the issues are about, if their paths begin below it */
export function issuesAt(issues: readonly SchemaIssue[], key?: string): readonly ValueIssue[] {
  return issues.map(({ path = [], message }) => {
    const keys = path.map((part) => (typeof part === 'object' ? part.key : part))
    return { path: key === undefined ? keys : [key, ...keys], message }
  })
}

/** `items[0].qty: expected number` of each issue. */
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

/** A codec that throws escapes `safeDecode`, and an asynchronous check throws in a synchronous call. */
export function attempt<T>(run: () => Result): Decoded<T> {
  try {
    const result = run()
    if ('success' in result) {
      return result.success ? { value: result.data as T } : { issues: result.error.issues }
    }
    return result as Decoded<T>
  } catch (error) {
    // A stack that is full is how a value that holds itself shows in a schema that does.
    if (error instanceof RangeError && /call stack/.test(error.message)) return failed('nested too deep, or a cycle')
    const isZods = error instanceof $ZodAsyncError || error instanceof $ZodEncodeError
    return failed(isZods ? error.message : `a check or codec threw ${nameOf(error)}`)
  }
}

/** All that can be told of an error of the app's: its message can quote the value, as those of `BigInt` do. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}

/** The message of an issue about a key that there is not. */
export function noSuchKey(keys: readonly string[]): string {
  return `the schema has no such key; it has ${keys.join(', ') || 'none'}`
}

/** That of an issue about a key that is not there when the session is saved: no user is at fault. */
export const MISSING = 'required, but the session has no value for it'

export function failed(message: string): { readonly issues: readonly SchemaIssue[] } {
  return { issues: [{ message, path: [] }] }
}

export function jsonOnly<T>(value: T): Decoded<T> {
  const problem = value === undefined ? undefined : notJson(value)
  return problem === undefined ? { value } : { issues: [problem] }
}
