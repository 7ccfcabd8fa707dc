import type { $ZodObjectDef, $ZodType } from 'zod/v4/core'
import * as zod from 'zod/v4/core'
import type { Schema, SchemaIssue } from '../types/schema.js'
import { ConfigError } from './errors.js'
import { notJson } from './json.js'
import { checkSchema } from './schema-check.js'

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
  /** The payload to store: `payload`, which is changed, with the `changed` keys of `data` in it, checked as a whole. */
  encode(data: Data, payload: Data, changed: readonly string[]): Decoded<Payload>
  /** Whether a value of the key is its own stored form, so that both can be compared as they are. */
  isPlain(key: string): boolean
}

/** @throws FST_SESSIONS_CONFIG when values of the schema can't be stored. */
export function codecFor(session: string, schema: Schema): Codec {
  if (typeof schema?.['~standard']?.validate !== 'function') {
    throw new ConfigError(`session "${session}": schema: expected a z.object({…}) or another Standard Schema`)
  }
  const codec = isZod(schema) ? zodCodec(session, schema) : new StandardCodec(schema)
  probe(session, codec)
  return codec
}

/** One value of its own: a flash message. */
export interface ValueCodec {
  decode(stored: unknown): Decoded<unknown>
  encode(value: unknown): Decoded<unknown>
}

export function valueCodecFor(session: string, schema: Schema): ValueCodec {
  if (!isZod(schema)) return new StandardValue(schema)
  checkSchema(session, schema)
  return new ZodValue(schema)
}

/** The schemas of a `z.object`'s keys, `undefined` for any other schema. */
export function shapeOf(schema: unknown): Readonly<Record<string, Schema>> | undefined {
  if (!isZod(schema) || schema._zod.def.type !== 'object') return undefined
  return (schema._zod.def as $ZodObjectDef).shape as unknown as Readonly<Record<string, Schema>>
}

function isZod(schema: unknown): schema is Schema & $ZodType {
  return typeof schema === 'object' && schema !== null && '_zod' in schema
}

/** Top-level schemas that can yield an object with keys. */
const OBJECT_LIKE = new Set(['object', 'record', 'union', 'intersection', 'lazy', 'pipe', 'readonly', 'custom'])

function zodCodec(session: string, schema: Schema & $ZodType): Codec {
  const { type, checks = [] } = schema._zod.def
  if (!OBJECT_LIKE.has(type)) {
    throw new ConfigError(
      `session "${session}": schema: expected a schema of an object, z.object({…}), got z.${type}()`
    )
  }
  checkSchema(session, schema)
  if (type !== 'object') return new ZodCodec(schema)
  return checks.length === 0 ? new ZodObjectCodec(schema) : new ZodCheckedObjectCodec(schema)
}

/** Catches at start what the schema tree does not show: a default that its own schema refuses, a codec that throws. */
function probe(session: string, codec: Codec): void {
  const empty = codec.empty()
  for (const key of Object.keys(empty)) {
    if (empty[key] === undefined) continue
    const { issues } = codec.encodeKey(key, empty[key])
    if (issues) throw new ConfigError(`session "${session}": the default of ${describeIssues(issues, key)}`)
  }
}

/** `items[0].qty: expected number` of each issue; never a value, which could be secret. */
export function describeIssues(issues: readonly SchemaIssue[], key?: string): string {
  return issues
    .map(({ path = [], message }) => {
      const keys = path.map((part) => (typeof part === 'object' ? part.key : part))
      const where = (key === undefined ? keys : [key, ...keys]).map((part, index) => {
        if (typeof part === 'number') return `[${part}]`
        return index === 0 ? String(part) : `.${String(part)}`
      })
      return where.length === 0 ? message : `${where.join('')}: ${message}`
    })
    .join('; ')
}

class ZodValue implements ValueCodec {
  readonly #schema: $ZodType
  readonly #compiled: $ZodType
  readonly #isPlain: boolean

  constructor(schema: $ZodType) {
    this.#schema = schema
    // The compiled clone decodes about twice as fast; there is none for encoding.
    this.#compiled = zod.compile(schema)
    this.#isPlain = isPlain(schema)
  }

  decode(stored: unknown): Decoded<unknown> {
    return attempt(() => zod.safeDecode(this.#compiled, stored as never))
  }

  encode(value: unknown): Decoded<unknown> {
    const encoded = attempt(() => zod.safeEncode(this.#schema, value as never))
    return this.#isPlain || encoded.issues ? encoded : jsonOnly(encoded.value)
  }
}

/** An object whose keys are independent of each other: each is encoded on its own, and only if it changed. */
class ZodObjectCodec implements Codec {
  readonly #compiled: $ZodType
  readonly #keys: ReadonlyMap<string, ZodValue>
  readonly #plain: ReadonlySet<string>
  readonly #required = new Set<string>()
  readonly #defaults: readonly ZodValue[]
  readonly #defaultKeys: string[] = []
  readonly #catchall: ZodValue | undefined

  constructor(schema: $ZodType) {
    const { shape, catchall } = schema._zod.def as $ZodObjectDef
    this.#compiled = zod.compile(schema)
    this.#keys = new Map(Object.entries(shape).map(([key, value]) => [key, new ZodValue(value)]))
    this.#plain = new Set(Object.keys(shape).filter((key) => isPlainOrDefault(shape[key] as $ZodType)))
    this.#catchall = catchall && catchall._zod.def.type !== 'never' ? new ZodValue(catchall) : undefined
    const defaults: ZodValue[] = []
    for (const [key, codec] of this.#keys) {
      const absent = codec.decode(undefined)
      if (absent.issues) this.#required.add(key)
      else if (absent.value !== undefined) {
        this.#defaultKeys.push(key)
        defaults.push(codec)
      }
    }
    this.#defaults = defaults
  }

  decode(payload: Payload): Decoded<Data> {
    return attempt(() => zod.safeDecode(this.#compiled, payload as never))
  }

  empty(): Data {
    const data: Data = {}
    this.#defaults.forEach((codec, index) => {
      const decoded = codec.decode(undefined)
      if (!decoded.issues) data[this.#defaultKeys[index] as string] = decoded.value
    })
    return data
  }

  encodeKey(key: string, value: unknown): Decoded<unknown> {
    const codec = this.#keys.get(key) ?? this.#catchall
    if (codec === undefined) return failed(`the schema has no such key; it has ${[...this.#keys.keys()].join(', ')}`)
    const isAbsence = value === undefined && this.#keys.has(key) && !this.#required.has(key)
    return isAbsence ? { value: undefined } : codec.encode(value)
  }

  encode(data: Data, payload: Data, changed: readonly string[]): Decoded<Payload> {
    const issues: SchemaIssue[] = []
    for (const key of changed) {
      const encoded = this.encodeKey(key, data[key])
      if (encoded.issues) issues.push(...encoded.issues.map((issue) => below(key, issue)))
      else payload[key] = encoded.value
    }
    for (const key of this.#required) {
      if (!Object.hasOwn(data, key))
        issues.push({ path: [key], message: 'required, but the session has no value for it' })
    }
    return issues.length > 0 ? { issues } : { value: payload }
  }

  isPlain(key: string): boolean {
    return this.#plain.has(key)
  }
}

function below(key: string, issue: SchemaIssue): SchemaIssue {
  return { message: issue.message, path: [key, ...(issue.path ?? [])] }
}

/** An object with a check over several keys: encoded whole, so that the check runs. */
class ZodCheckedObjectCodec extends ZodObjectCodec {
  readonly #whole: ZodValue

  constructor(schema: $ZodType) {
    super(schema)
    this.#whole = new ZodValue(schema)
  }

  override encode(data: Data, payload: Data, changed: readonly string[]): Decoded<Payload> {
    const keyByKey = super.encode(data, payload, changed)
    if (keyByKey.issues) return keyByKey
    const whole = this.#whole.encode(data)
    return whole.issues ? whole : keyByKey
  }
}

/** Any other zod schema of an object (a union, a record, …): encoded whole, and only then checked. */
class ZodCodec implements Codec {
  readonly #value: ZodValue

  constructor(schema: $ZodType) {
    this.#value = new ZodValue(schema)
  }

  decode(payload: Payload): Decoded<Data> {
    return objectOnly(this.#value.decode(payload))
  }

  empty(): Data {
    return emptyOf(this)
  }

  encodeKey(_key: string, value: unknown): Decoded<unknown> {
    return { value }
  }

  encode(data: Data): Decoded<Payload> {
    return objectOnly(this.#value.encode(data))
  }

  isPlain(): boolean {
    return false
  }
}

/** A schema that can only be read through: what is stored is the value itself, checked once it has been through JSON. */
class StandardCodec implements Codec {
  readonly #value: StandardValue

  constructor(schema: Schema) {
    this.#value = new StandardValue(schema)
  }

  decode(payload: Payload): Decoded<Data> {
    return objectOnly(this.#value.decode(payload))
  }

  empty(): Data {
    return emptyOf(this)
  }

  encodeKey(_key: string, value: unknown): Decoded<unknown> {
    return jsonOnly(value)
  }

  encode(data: Data): Decoded<Payload> {
    return objectOnly(this.#value.encode(data))
  }

  isPlain(): boolean {
    return false
  }
}

class StandardValue implements ValueCodec {
  readonly #schema: Schema

  constructor(schema: Schema) {
    this.#schema = schema
  }

  decode(stored: unknown): Decoded<unknown> {
    return attempt(() => {
      const result = this.#schema['~standard'].validate(stored)
      if (result instanceof Promise) return failed('the schema checks asynchronously: sessions need a synchronous one')
      return result.issues ? { issues: result.issues } : { value: result.value }
    })
  }

  encode(value: unknown): Decoded<unknown> {
    const json = jsonOnly(value)
    if (json.issues) return json
    const stored: unknown = JSON.parse(JSON.stringify(value))
    const checked = this.decode(structuredClone(stored))
    return checked.issues ? checked : { value: stored }
  }
}

function emptyOf(codec: Codec): Data {
  const decoded = codec.decode({})
  return decoded.issues ? {} : decoded.value
}

type Result = Decoded<unknown> | zod.util.SafeParseResult<unknown>

/** A codec that throws escapes `safeDecode`, and an asynchronous check throws in a synchronous call. */
function attempt<T>(run: () => Result): Decoded<T> {
  try {
    const result = run()
    if ('success' in result) {
      return result.success ? { value: result.data as T } : { issues: result.error.issues }
    }
    return result as Decoded<T>
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error))
  }
}

function failed(message: string): { readonly issues: readonly SchemaIssue[] } {
  return { issues: [{ message, path: [] }] }
}

function jsonOnly<T>(value: T): Decoded<T> {
  const problem = value === undefined ? undefined : notJson(value, '')
  return problem === undefined ? { value } : failed(problem)
}

function objectOnly(decoded: Decoded<unknown>): Decoded<Data> {
  if (decoded.issues) return decoded
  const { value } = decoded
  return typeof value === 'object' && value !== null ? { value: value as Data } : failed('expected an object')
}

const PLAIN = new Set(['string', 'number', 'boolean', 'null', 'enum', 'literal', 'template_literal'])
const WRAPPER = new Set(['optional', 'nullable', 'nonoptional', 'readonly'])

interface PlainDef {
  readonly type: string
  readonly coerce?: boolean
  readonly innerType: $ZodType
  readonly element: $ZodType
  readonly shape: Readonly<Record<string, $ZodType>>
  readonly catchall?: $ZodType
}

/** Whether decoding makes new objects and changes no value, so that data and payload look alike. */
function isPlain(schema: $ZodType): boolean {
  const def = schema._zod.def as unknown as PlainDef
  if (PLAIN.has(def.type)) return def.coerce !== true
  if (WRAPPER.has(def.type)) return isPlain(def.innerType)
  if (def.type === 'array') return isPlain(def.element)
  return def.type === 'object' && def.catchall === undefined && Object.values(def.shape).every(isPlain)
}

/** A default of the key itself makes no difference where the payload has the key. */
function isPlainOrDefault(schema: $ZodType): boolean {
  const def = schema._zod.def as unknown as PlainDef
  return isPlain(def.type === 'default' ? def.innerType : schema)
}
