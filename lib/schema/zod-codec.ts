import type { $ZodObjectDef, $ZodType } from 'zod/v4/core'
import * as zod from 'zod/v4/core'
import type { SchemaIssue } from '../../types/schema.js'
import {
  attempt,
  type Codec,
  type Data,
  type Decoded,
  failed,
  jsonOnly,
  MISSING,
  noSuchKey,
  type Payload,
  type ValueCodec
} from './codec.js'
import { copyOf } from './json.js'

/**
 * Returns a compiled clone of the schema, which decodes faster. zod before 4.6 can't compile, and there is no compiled
 * encoding.
 */
function compiled(schema: $ZodType): $ZodType {
  const { compile } = zod as Partial<typeof zod>
  return compile === undefined ? schema : compile(schema)
}

export class ZodValue implements ValueCodec {
  readonly #schema: $ZodType
  readonly #compiled: $ZodType
  readonly #isPlain: boolean

  constructor(schema: $ZodType) {
    this.#schema = schema
    this.#compiled = compiled(schema)
    this.#isPlain = isPlainOrDefault(schema)
  }

  decode(stored: unknown): Decoded<unknown> {
    return attempt(() => zod.safeDecode(this.#compiled, stored as never))
  }

  encode(value: unknown): Decoded<unknown> {
    // Both directions do the same checks and change nothing, but only decoding is compiled.
    const isDecodable = this.#isPlain && value !== undefined
    const encoded = isDecodable ? this.decode(value) : attempt(() => zod.safeEncode(this.#schema, value as never))
    return encoded.issues ? encoded : jsonOnly(encoded.value)
  }
}

/** The codec of an object whose keys are independent: each key is encoded on its own, and only if it changed. */
export class ZodObjectCodec implements Codec {
  readonly #compiled: $ZodType
  readonly #keys: ReadonlyMap<string, ZodValue>
  readonly #plain: ReadonlySet<string>
  readonly #required = new Set<string>()
  readonly makesCopies: boolean
  readonly keys: readonly string[] | undefined
  readonly named: readonly string[]
  readonly #defaults: readonly ZodValue[]
  readonly #defaultKeys: string[] = []
  readonly #catchall: ZodValue | undefined

  constructor(schema: $ZodType) {
    const { shape, catchall } = schema._zod.def as $ZodObjectDef
    this.#compiled = compiled(schema)
    this.#keys = new Map(Object.entries(shape).map(([key, value]) => [key, new ZodValue(value)]))
    this.#plain = new Set(Object.keys(shape).filter((key) => isPlainOrDefault(shape[key] as $ZodType)))
    this.#catchall = catchall && catchall._zod.def.type !== 'never' ? new ZodValue(catchall) : undefined
    this.named = Object.keys(shape)
    this.keys = this.#catchall === undefined ? this.named : undefined
    this.makesCopies = this.#catchall === undefined && this.#plain.size === this.#keys.size
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
    if (codec === undefined) return failed(noSuchKey([...this.#keys.keys()]))
    const isAbsence = value === undefined && this.#keys.has(key) && !this.#required.has(key)
    return isAbsence ? { value: undefined } : codec.encode(value)
  }

  decodeKey(key: string, stored: unknown): Decoded<unknown> {
    const codec = this.#keys.get(key) ?? this.#catchall
    return codec === undefined ? { value: copyOf(stored) } : codec.decode(copyOf(stored))
  }

  encode(data: Data, payload: Data, changed: readonly string[]): Decoded<Payload> {
    const issues: SchemaIssue[] = []
    for (const key of changed) {
      const encoded = this.encodeKey(key, data[key])
      if (encoded.issues) issues.push(...encoded.issues.map((issue) => below(key, issue)))
      else payload[key] = encoded.value
    }
    for (const key of this.#required) {
      if (!Object.hasOwn(data, key)) issues.push({ path: [key], message: MISSING })
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

/** The codec of an object with a check across keys. The whole object is encoded as well, so that the check runs. */
export class ZodCheckedObjectCodec extends ZodObjectCodec {
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

/**
 * Whether decoding creates new objects and changes no value, so that data and payload are equal as JSON. `false` for a
 * recursive schema, which is not analysed.
 */
function isPlain(schema: $ZodType, around: readonly $ZodType[] = []): boolean {
  const def = schema._zod.def as unknown as PlainDef
  if (around.includes(schema)) return false
  const within = (inner: $ZodType) => isPlain(inner, [...around, schema])
  if (PLAIN.has(def.type)) return def.coerce !== true
  if (WRAPPER.has(def.type)) return within(def.innerType)
  if (def.type === 'array') return within(def.element)
  return def.type === 'object' && def.catchall === undefined && Object.values(def.shape).every(within)
}

/**
 * Whether a schema is plain, or a plain one with a default: a default makes no difference where the payload has the
 * key.
 */
function isPlainOrDefault(schema: $ZodType): boolean {
  const def = schema._zod.def as unknown as PlainDef
  return isPlain(def.type === 'default' ? def.innerType : schema)
}
