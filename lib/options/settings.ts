import type { Definition, SessionsOptions, Shared } from '../../types/options.js'
import { ConfigError } from '../errors.js'
import { noSuchKey } from '../schema/codec.js'
import { durationFault } from '../util/durations.js'
import { isObject, otherOption } from '../util/objects.js'
import { MAX_CHUNKS } from './cookie.js'
import { idleFault, LIFETIMES, WATCH_INTERVAL } from './durations.js'
import { isCookieSeal } from './seal.js'

/** The least value of `maxBytes`: what any record needs besides the session's values. */
const LEAST_BYTES = 256

/** Checks the values of a definition's options. @throws FST_SESSIONS_CONFIG */
export function checkSettings(session: string, settings: Shared & Definition): void {
  const refuse = (reason: string): never => {
    throw new ConfigError(`session "${session}": ${reason}`)
  }
  for (const [option, bounds] of Object.entries(LIFETIMES)) {
    const value = settings[option as keyof typeof LIFETIMES]
    const fault = value === undefined ? undefined : durationFault(value, bounds)
    if (fault !== undefined) refuse(`${option}: ${fault}`)
  }
  const { version = 1, chunks = 1, maxBytes, invalidValueStatus: status = 500 } = settings
  if (maxBytes !== undefined && !(Number.isSafeInteger(maxBytes) && maxBytes >= LEAST_BYTES))
    refuse(`maxBytes: expected a whole number of bytes, at least ${LEAST_BYTES}, got ${maxBytes}`)
  if (!Number.isInteger(status) || status < 400 || status > 599) {
    refuse(`invalidValueStatus: expected a status from 400 to 599, got ${JSON.stringify(status)}`)
  }
  if (!Number.isInteger(chunks) || chunks < 1 || chunks > MAX_CHUNKS)
    refuse(`chunks: expected 1 to ${MAX_CHUNKS}, got ${chunks}`)
  if (!Number.isInteger(version) || version < 1) refuse(`version: expected a whole number from 1, got ${version}`)
  if (typeof settings.rolling !== 'boolean') refuse(`rolling: expected true or false, got ${typeof settings.rolling}`)
  if (!isCookieSeal(settings.seal)) oneOf(refuse, settings, 'seal', ['encrypt', 'sign'])
  oneOf(refuse, settings, 'load', ['auto', 'manual'])
  oneOf(refuse, settings, 'onStoreError', ['throw', 'empty'])
  oneOf(refuse, settings, 'flashOnPrefetch', ['keep', 'take'])
  checkLimit(refuse, settings.limit)
  if (typeof settings.onInvalid !== 'function') oneOf(refuse, settings, 'onInvalid', ['reset', 'throw'])
  for (const step of Object.keys(settings.migrate ?? {})) {
    if (!(Number.isInteger(Number(step)) && Number(step) >= 1 && Number(step) < version)) {
      refuse(`migrate: step ${step} leads nowhere: the version is ${version}`)
    }
  }
}

/** The most sessions of a `limit`. It is low because a sign-in reads all sessions of its user. */
const MOST_SESSIONS = 100

function checkLimit(refuse: (reason: string) => never, limit: unknown): void {
  if (limit === undefined) return
  if (!isObject(limit)) refuse(`limit: expected { sessions, then }, got ${typeof limit}`)
  const other = otherOption(limit as object, ['sessions', 'then'])
  if (other !== undefined) refuse(`limit: ${other}`)
  const { sessions, then } = limit as { readonly sessions?: unknown; readonly then?: unknown }
  if (!(Number.isInteger(sessions) && (sessions as number) >= 1 && (sessions as number) <= MOST_SESSIONS))
    refuse(`limit: sessions: expected a whole number from 1 to ${MOST_SESSIONS}, got ${JSON.stringify(sessions)}`)
  if (then !== 'end-oldest' && then !== 'refuse')
    refuse(`limit: then: expected "end-oldest" or "refuse", got ${JSON.stringify(then)}`)
}

/** Checks `idle` against `absolute`. @throws FST_SESSIONS_CONFIG */
export function checkIdle(session: string, definition: Shared, shared: Shared, defaultAbsolute: number): void {
  const fault = idleFault(definition, shared, defaultAbsolute)
  if (fault !== undefined) throw new ConfigError(`session "${session}": ${fault}`)
}

/** Refuses `touchAfter` beside `rolling`. @throws FST_SESSIONS_CONFIG, because one of the two would have no effect */
export function checkRolling(session: string, isRolling: boolean, { touchAfter = 0 }: Shared): void {
  if (!isRolling || touchAfter === 0) return
  throw new ConfigError(
    `session "${session}": rolling moves its end with each request, touchAfter: ${touchAfter} with fewer: leave out one of the two`
  )
}

/**
 * Refuses merge functions for unknown keys, which would never be called.
 * @throws FST_SESSIONS_CONFIG
 */
export function checkMerge(session: string, merge: object, keys: readonly string[] | undefined): void {
  const other = Object.keys(merge).find((key) => keys?.includes(key) === false)
  if (other !== undefined) {
    throw new ConfigError(`session "${session}": merge: ${other}: ${noSuchKey(keys as readonly string[])}`)
  }
}

/** Returns the watch interval in ms. @throws FST_SESSIONS_CONFIG */
export function watchIntervalOf({ watchInterval = 5 }: SessionsOptions): number {
  const fault = durationFault(watchInterval, WATCH_INTERVAL)
  if (fault !== undefined) throw new ConfigError(`watchInterval: ${fault}`)
  return watchInterval * 1000
}

function oneOf<K extends 'seal' | 'load' | 'onStoreError' | 'flashOnPrefetch' | 'onInvalid'>(
  refuse: (reason: string) => never,
  settings: { readonly [P in K]?: unknown },
  option: K,
  allowed: readonly string[]
): void {
  const value = settings[option]
  if (value !== undefined && !allowed.includes(value as string)) {
    refuse(`${option}: expected ${allowed.map((name) => `"${name}"`).join(' or ')}, got ${JSON.stringify(value)}`)
  }
}
