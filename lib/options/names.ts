import { ConfigError } from '../errors.js'
import { durationFault } from '../util/durations.js'
import { isObject, otherOption } from '../util/objects.js'
import { SWEEP_INTERVAL } from './durations.js'

/** Options of each session, and of the plugin as defaults for its sessions. */
export const SHARED = [
  'idle',
  'absolute',
  'touchAfter',
  'rolling',
  'grace',
  'onStoreError',
  'saveOnError',
  'invalidValueStatus',
  'flashOnPrefetch',
  'maxBytes',
  'cookie'
]
/** Options of the plugin only. */
export const PLUGIN = [
  'keys',
  'sessions',
  'default',
  'app',
  'stores',
  'sweepInterval',
  'watchInterval',
  'startWithout',
  'clearMarker',
  'history'
]
/** Fastify's own options, which every plugin accepts. */
const FASTIFY = ['prefix', 'logLevel', 'logSerializers']
/** Options of a session only. */
export const DEFINITION = [
  'schema',
  'flash',
  'store',
  'seal',
  'chunks',
  'load',
  'version',
  'migrate',
  'onInvalid',
  'merge',
  'limit',
  'from'
]
/** Attributes of a cookie. */
export const COOKIE = ['path', 'domain', 'secure', 'httpOnly', 'sameSite', 'maxAge', 'partitioned', 'priority']

/**
 * Checks the plugin's options. Unknown options are refused, because a misspelt one would silently leave its default in
 * place.
 * @throws FST_SESSIONS_CONFIG
 */
export function checkOptions(options: object): void {
  refuseOthers('', options, [...PLUGIN, ...FASTIFY, ...SHARED])
  checkCookieOptions('', options, COOKIE)
  const { sweepInterval = 0 } = options as { readonly sweepInterval?: unknown }
  const fault = durationFault(sweepInterval, SWEEP_INTERVAL)
  if (fault !== undefined) throw new ConfigError(`sweepInterval: ${fault}`)
  const { app } = options as { readonly app?: unknown }
  if (app !== undefined && (typeof app !== 'string' || app === '')) {
    throw new ConfigError(`app: expected a non-empty string, got ${app === '' ? 'an empty one' : typeof app}`)
  }
}

/** Checks the names of a definition's options, and its functions. @throws FST_SESSIONS_CONFIG */
export function checkDefinition(session: string, definition: object): void {
  const at = `session "${session}": `
  refuseOthers(at, definition, [...DEFINITION, ...SHARED])
  checkCookieOptions(at, definition, ['name', ...COOKIE])
  const { migrate = {}, merge = {} } = definition as { readonly migrate?: object; readonly merge?: object }
  for (const [key, value] of Object.entries(merge)) {
    if (typeof value !== 'function') throw new ConfigError(`${at}merge: ${key}: expected a function`)
  }
  for (const [step, value] of Object.entries(migrate)) checkStep(`${at}migrate: ${step}`, value)
}

function checkStep(at: string, step: unknown): void {
  if (typeof step === 'function') return
  if (!isObject(step)) throw new ConfigError(`${at}: expected a function, or { up, down } of two`)
  refuseOthers(`${at}: `, step, ['up', 'down'])
  const { up, down } = step as { readonly up?: unknown; readonly down?: unknown }
  if (typeof up !== 'function') throw new ConfigError(`${at}: up: expected a function`)
  if (down !== undefined && typeof down !== 'function') throw new ConfigError(`${at}: down: expected a function`)
}

function checkCookieOptions(at: string, options: { readonly cookie?: unknown }, known: readonly string[]): void {
  const { cookie } = options
  if (cookie === undefined) return
  if (!isObject(cookie)) throw new ConfigError(`${at}cookie: expected an object of attributes, got ${typeof cookie}`)
  refuseOthers(`${at}cookie: `, cookie, known)
}

function refuseOthers(at: string, options: object, known: readonly string[]): void {
  const other = otherOption(options, known)
  if (other !== undefined) throw new ConfigError(at + other)
}
