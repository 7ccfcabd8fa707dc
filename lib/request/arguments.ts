import type { ResolvedDefinition } from '../definition/definition.js'
import { InvalidValueError, LifetimeError, UnsupportedError } from '../errors.js'
import { COOKIE_AGE } from '../options/durations.js'
import type { ValueCodec } from '../schema/codec.js'
import { misuse } from '../session/invalid-value.js'
import { durationFault } from '../util/durations.js'
import { isObject } from '../util/objects.js'

/*
 * Checks the arguments that handlers pass to a session: an app in plain JavaScript has no types that would do it.
 */

/**
 * Refuses a key that is not a string, such as a symbol: JSON has only string keys, so its value would not be saved.
 * @throws FST_SESSIONS_INVALID_VALUE always
 */
export function refuseKey(session: string, key: never): never {
  throw new InvalidValueError(session, `${String(key)}: keys are strings, got ${typeof key}`)
}

/**
 * Returns the codec of a kind of flash messages.
 * @throws FST_SESSIONS_INVALID_VALUE when the definition has no such kind
 */
export function flashCodecOf({ name, flashes }: ResolvedDefinition, kind: string): ValueCodec {
  if (typeof kind !== 'string') refuseKey(name, kind)
  const codec = flashes.get(kind)
  if (codec !== undefined) return codec
  const kinds = [...flashes.keys()].join(', ')
  const known = kinds === '' ? 'it defines none: add flash: z.object({…}) to its definition' : `it has ${kinds}`
  throw new InvalidValueError(name, `no flash kind "${kind}"; ${known}`)
}

/**
 * Checks the age that `persist()` got.
 * @param age in seconds
 * @throws FST_SESSIONS_LIFETIME when it can't be a cookie's age, or is longer than the session may live
 */
export function checkAge({ name, absolute }: ResolvedDefinition, age: number): void {
  const fault = durationFault(age, COOKIE_AGE)
  if (fault !== undefined) throw new LifetimeError(name, `persist(): ${fault}`)
  if (age * 1000 > absolute) {
    throw new LifetimeError(
      name,
      `persist(${age}): longer than its absolute lifetime of ${absolute / 1000} s: raise absolute in its definition`
    )
  }
}

/** How many subjects a session may have. The number is limited because a sign-in writes the list of each of them. */
const MOST_SUBJECTS = 8

/**
 * Returns the subjects that `identify()` got; an empty array for `null`.
 * @throws FST_SESSIONS_UNSUPPORTED on the cookie store. FST_SESSIONS_INVALID_VALUE when they are neither texts nor a
 * single `null`, when there are too many, or when one is given twice.
 */
export function checkedSubjects({ name, store }: ResolvedDefinition, told: readonly unknown[]): readonly string[] {
  if (store === undefined) {
    throw new UnsupportedError(
      name,
      'identify() needs a record store: sessions in the cookie can be neither listed nor ended from elsewhere'
    )
  }
  if (told.length === 1 && told[0] === null) return []
  const fault = subjectsFault(told)
  if (fault !== undefined) throw new InvalidValueError(name, `identify(): ${fault}`)
  return told as readonly string[]
}

function subjectsFault(told: readonly unknown[]): string | undefined {
  const other = told.find((subject) => typeof subject !== 'string' || subject === '')
  if (told.some((subject) => typeof subject !== 'string' || subject === '')) {
    const got =
      other === null ? 'null' : other === '' ? 'an empty one' : Array.isArray(other) ? 'an array' : typeof other
    return told.length === 1
      ? `expected a non-empty string or null, got ${got}`
      : `expected non-empty strings, the user first, got ${got}`
  }
  if (told.length > MOST_SUBJECTS) return `expected at most ${MOST_SUBJECTS} subjects, got ${told.length}`
  return new Set(told).size < told.length ? 'expected different subjects, got one of them twice' : undefined
}

/**
 * Whether `regenerate()` got `newRights: true`. Other options are refused, because a misspelt one would leave the old
 * id with the rights that the app wants to take from it.
 * @throws FST_SESSIONS_INVALID_VALUE for anything but `{ newRights }` or no argument
 */
export function hasNewRights(session: string, options: { readonly newRights?: boolean }): boolean {
  const isKnown = isObject(options) && Object.keys(options).every((key) => key === 'newRights')
  const { newRights = false } = Object(options) as { readonly newRights?: unknown }
  if (isKnown && typeof newRights === 'boolean') return newRights
  throw new InvalidValueError(session, 'regenerate(): expected { newRights: true } or nothing')
}

/**
 * Returns the value that the function given to `update()` returned. Most functions that return nothing changed the
 * value in place, or lack a `return`.
 * @throws FST_SESSIONS_INVALID_VALUE for `undefined`
 */
export function resultOf(session: string, key: string, value: unknown): unknown {
  if (value !== undefined) return value
  throw misuse(
    session,
    key,
    'the function given to update() returned undefined: return the new value, or call delete() to remove it'
  )
}
