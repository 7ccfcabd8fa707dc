import type { $ZodType } from 'zod/v4/core'
import type { Schema } from '../../types/schema.js'
import { ConfigError } from '../errors.js'
import { checkSchema } from './check.js'
import { type Codec, describeIssues, jsonOnly, type ValueCodec } from './codec.js'
import { notJson } from './json.js'
import { StandardValue } from './standard-codec.js'
import { WholeCodec } from './whole-codec.js'
import { isZod3, ZOD_3 } from './zod-3.js'
import { ZodCheckedObjectCodec, ZodObjectCodec, ZodValue } from './zod-codec.js'
import { ZodRecordCodec } from './zod-record-codec.js'

/** Returns the codec of a session's schema. @throws FST_SESSIONS_CONFIG when values of the schema can't be stored */
export function codecFor(session: string, schema: Schema): Codec {
  if (isZod3(schema)) throw new ConfigError(`session "${session}": schema: ${ZOD_3}`)
  if (schema === undefined) {
    throw new ConfigError(`session "${session}" has no schema: write schema: z.object({…}), the keys that it holds`)
  }
  if (!isSchema(schema)) {
    throw new ConfigError(`session "${session}": schema: expected a z.object({…}) or another Standard Schema`)
  }
  const codec = isZod(schema) ? zodCodec(session, schema) : new WholeCodec(new StandardValue(schema), jsonOnly)
  probe(session, codec)
  return codec
}

/** Returns the codec of a flash message's schema. @throws FST_SESSIONS_CONFIG when its values can't be stored */
export function valueCodecFor(session: string, schema: Schema): ValueCodec {
  if (isZod3(schema)) throw new ConfigError(`session "${session}": ${ZOD_3}`)
  if (!isSchema(schema)) throw new ConfigError(`session "${session}": expected the schema of one message`)
  if (!isZod(schema)) return new StandardValue(schema)
  checkSchema(session, schema)
  return new ZodValue(schema)
}

/** Returns the schemas of a `z.object`'s keys; `undefined` for any other schema. */
export function shapeOf(schema: unknown): Readonly<Record<string, Schema>> | undefined {
  return isZod(schema) ? (schema._zod.def as { readonly shape?: Readonly<Record<string, Schema>> }).shape : undefined
}

function isSchema(schema: Schema): boolean {
  return typeof schema?.['~standard']?.validate === 'function'
}

function isZod(schema: unknown): schema is Schema & $ZodType {
  return typeof schema === 'object' && schema !== null && '_zod' in schema
}

/** The types of top-level schemas whose values can be objects with keys. */
const OBJECT_LIKE = new Set(['object', 'record', 'union', 'intersection', 'lazy', 'pipe', 'readonly', 'custom'])

function zodCodec(session: string, schema: Schema & $ZodType): Codec {
  const { type, checks = [] } = schema._zod.def
  if (!OBJECT_LIKE.has(type)) {
    throw new ConfigError(
      `session "${session}": schema: expected a schema of an object, z.object({…}), got z.${type}()`
    )
  }
  checkSchema(session, schema)
  if (type === 'record') return new ZodRecordCodec(schema)
  if (type !== 'object') return new WholeCodec(new ZodValue(schema))
  return checks.length === 0 ? new ZodObjectCodec(schema) : new ZodCheckedObjectCodec(schema)
}

/** Returns the stored form of each default, to compare it with a later one. */
export function defaultsOf(codec: Codec): ReadonlyMap<string, string> {
  const empty = codec.empty()
  return new Map(Object.keys(empty).map((key) => [key, textOf(codec, key, empty[key])]))
}

function textOf(codec: Codec, key: string, value: unknown): string {
  const { value: stored } = codec.encodeKey(key, value) as { readonly value?: unknown }
  return notJson(stored) !== undefined ? '' : JSON.stringify(stored)
}

/**
 * Refuses a default that differs from call to call, such as a random id or the time: each request would see another
 * value until something is saved under the key.
 * @param before the defaults when the session was defined
 * @throws FST_SESSIONS_CONFIG
 */
export function checkDefaults(session: string, codec: Codec, before: ReadonlyMap<string, string>): void {
  for (const [key, text] of defaultsOf(codec)) {
    if (text === before.get(key)) continue
    const instead = `if (!session.has("${key}")) session.set("${key}", …)`
    throw new ConfigError(
      `session "${session}": ${key}: its default gives another value at each call, so each request would see another: write .optional() instead, and where a session begins ${instead}`
    )
  }
}

/**
 * Finds faults at start that the schema tree does not show: a default that its own schema refuses, or a codec that
 * throws.
 * @throws FST_SESSIONS_CONFIG
 */
function probe(session: string, codec: Codec): void {
  const empty = codec.empty()
  for (const key of Object.keys(empty)) {
    const { issues } = codec.encodeKey(key, empty[key])
    if (issues) throw new ConfigError(`session "${session}": the default of ${describeIssues(issues, key)}`)
  }
}
