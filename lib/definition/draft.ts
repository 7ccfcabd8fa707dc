import type { Definition, Shared } from '../../types/options.js'
import type { FlashSchemas, Schema } from '../../types/schema.js'
import type { CookieOptions } from '../../types/session.js'
import { Cookie } from '../cookie/cookie.js'
import { ConfigError } from '../errors.js'
import { checkIdle, checkMerge, checkRolling, checkSettings } from '../options/settings.js'
import { PLUGIN_VALUES } from '../records/record.js'
import { FURTHER_SUBJECTS } from '../records/subjects.js'
import type { ValueCodec } from '../schema/codec.js'
import { codecFor, defaultsOf, shapeOf, valueCodecFor } from '../schema/codecs.js'
import { isObject } from '../util/objects.js'
import { arrivalsOf } from './arrivals.js'
import type { MergeFunctions, Settings } from './definition.js'
import { stepsDown, stepsUp } from './forms.js'

const HOUR = 60 * 60
const DAY = 24 * HOUR

/** The defaults of the options. Durations are in seconds, as in the options. */
const DEFAULTS = {
  idle: 14 * DAY,
  absolute: 90 * DAY,
  grace: 10,
  onStoreError: 'throw',
  saveOnError: false,
  rolling: false,
  invalidValueStatus: 500,
  flashOnPrefetch: 'keep',
  maxBytes: 1024 * 1024
} as const

/** The plugin's options that are defaults for all definitions. */
export type SharedOptions = Shared & { readonly cookie?: CookieOptions }

/** A checked definition without a store, because stores may be added until the app is ready. */
export interface Draft {
  readonly definition: Definition
  readonly settings: Settings
  /** The stored form of each default, to detect defaults that change from call to call. */
  readonly defaults: ReadonlyMap<string, string>
}

/** Checks a definition. @throws FST_SESSIONS_CONFIG when one of its options is wrong, or its schema can't be stored */
export function draftOf(name: string, definition: Definition, shared: SharedOptions, app: string | undefined): Draft {
  const settings = settingsOf(name, definition, shared, app)
  return { definition, settings, defaults: defaultsOf(settings.codec) }
}

function settingsOf(name: string, definition: Definition, shared: SharedOptions, app: string | undefined): Settings {
  const settings = { ...DEFAULTS, ...defined(shared), ...defined(definition) }
  checkSettings(name, settings)
  checkIdle(name, definition, shared, DEFAULTS.absolute)
  checkRolling(name, settings.rolling, definition)
  const { idle, absolute, grace, rolling, touchAfter = Math.min(idle / 10, HOUR) } = settings
  const codec = codecFor(name, definition.schema)
  checkMerge(name, definition.merge ?? {}, codec.keys)
  return {
    name,
    app,
    codec,
    flashes: flashCodecs(name, definition.flash),
    cookie: new Cookie(name, { ...shared.cookie, ...definition.cookie }, definition.chunks ?? 1),
    idle: idle * 1000,
    absolute: absolute * 1000,
    touchAfter: rolling ? 0 : touchAfter * 1000,
    isRolling: rolling,
    grace: grace * 1000,
    isManual: definition.load === 'manual',
    onStoreError: settings.onStoreError,
    saveOnError: settings.saveOnError,
    flashOnPrefetch: settings.flashOnPrefetch,
    invalidValueStatus: settings.invalidValueStatus,
    version: definition.version ?? 1,
    migrate: stepsUp(definition),
    stepsDown: stepsDown(definition),
    maxBytes: settings.maxBytes,
    onInvalid: definition.onInvalid ?? 'reset',
    merge: (definition.merge ?? {}) as MergeFunctions,
    limit: definition.limit,
    from: arrivalsOf(name, definition.from)
  }
}

/** Drops options that are `undefined`, so that their defaults apply. */
function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}

function flashCodecs(session: string, flash: FlashSchemas | undefined): ReadonlyMap<string, ValueCodec> {
  if (flash === undefined) return new Map()
  const shape = shapeOf(flash) ?? flash
  if (!isObject(shape) || '~standard' in shape) {
    throw new ConfigError(`session "${session}": flash: expected z.object({ kind: schema }) or { kind: schema }`)
  }
  if (Object.hasOwn(shape, PLUGIN_VALUES)) throw new ConfigError(`session "${session}": flash: a kind needs a name`)
  if (Object.hasOwn(shape, FURTHER_SUBJECTS)) {
    throw new ConfigError(
      `session "${session}": flash: "${FURTHER_SUBJECTS}" is no name of a kind: records keep subjects there`
    )
  }
  return new Map(
    Object.entries(shape as Readonly<Record<string, Schema>>).map(([kind, schema]) => [
      kind,
      valueCodecFor(`${session}" flash "${kind}`, schema)
    ])
  )
}
