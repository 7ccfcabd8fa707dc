import type { $ZodType } from 'zod/v4/core'
import type { Schema } from '../../types/schema.js'
import { shapeOf } from '../schema/codecs.js'

/** What of a zod schema tells its type. */
interface Def {
  readonly type: string
  readonly format?: string
  readonly checks?: readonly { readonly _zod: { readonly def: { readonly format?: string } } }[]
  readonly innerType: $ZodType
  readonly element: $ZodType
  readonly options: readonly $ZodType[]
  readonly items: readonly $ZodType[]
  readonly entries: Readonly<Record<string, string | number>>
  readonly values: readonly unknown[]
  readonly shape: Readonly<Record<string, $ZodType>>
  readonly keyType: $ZodType
  readonly valueType: $ZodType
  readonly left: $ZodType
  readonly right: $ZodType
  readonly in: $ZodType
  readonly out: $ZodType
  readonly defaultValue: unknown
}

/** Longer types are cut: they are there to be read at a glance. */
const LONGEST = 160
const DEEPEST = 4

/**
 * The type of each key as its schema gives it, in the words of TypeScript; none where the schema is not one of zod's.
 * @param hides whether what stands at a key is hidden: defaults and literals of it are values as well
 */
export function typesOfKeys(schema: Schema | undefined, hides: (key: string) => boolean): ReadonlyMap<string, string> {
  const shape = Object.entries(shapeOf(schema) ?? {})
  return new Map(
    shape.map(([key, value]) => [key, cut(typeAt(key, value as unknown as $ZodType, { hides, depth: 0 }))])
  )
}

interface Sight {
  hides(key: string): boolean
  readonly depth: number
  readonly isHidden?: boolean
}

function typeAt(key: string, schema: $ZodType, sight: Sight): string {
  return typeOf(schema, sight.hides(key) ? { ...sight, isHidden: true } : sight)
}

function typeOf(schema: $ZodType, sight: Sight): string {
  if (sight.depth > DEEPEST) return '…'
  const def = schema._zod.def as unknown as Def
  const deeper = { ...sight, depth: sight.depth + 1 }
  const of: Of = (inner, key) => (key === undefined ? typeOf(inner, deeper) : typeAt(key, inner, deeper))
  const words = (sight.isHidden && HIDDEN_WORDS[def.type]) || WORDS[def.type]
  return words === undefined ? def.type : words(def, of)
}

/** `z.int()` says so itself, and `z.number().int()` by a check. */
function isInteger({ format, checks = [] }: Def): boolean {
  return [format, ...checks.map(({ _zod }) => _zod.def.format)].some((each) => each !== undefined && /int/.test(each))
}

/** The type of a part, which may stand at a key of its own. */
type Of = (schema: $ZodType, key?: string) => string
type Words = (def: Def, of: Of) => string

const inner: Words = ({ innerType }, of) => of(innerType)

const WORDS: Readonly<Record<string, Words>> = {
  string: ({ format }) => (format === undefined ? 'string' : `string (${format})`),
  number: (def) => (isInteger(def) ? 'integer' : 'number'),
  date: () => 'Date',
  optional: ({ innerType }, of) => `${of(innerType)} | undefined`,
  nullable: ({ innerType }, of) => `${of(innerType)} | null`,
  default: ({ innerType, defaultValue }, of) => of(innerType) + defaultOf(defaultValue),
  prefault: inner,
  catch: inner,
  readonly: inner,
  nonoptional: inner,
  array: ({ element }, of) => `${bracketed(of(element))}[]`,
  tuple: ({ items }, of) => `[${items.map((each) => of(each)).join(', ')}]`,
  set: ({ valueType }, of) => `Set<${of(valueType)}>`,
  map: ({ keyType, valueType }, of) => `Map<${of(keyType)}, ${of(valueType)}>`,
  record: ({ keyType, valueType }, of) => `Record<${of(keyType)}, ${of(valueType)}>`,
  object: ({ shape }, of) =>
    `{ ${Object.entries(shape)
      .map(([key, value]) => `${key}: ${of(value, key)}`)
      .join(', ')} }`,
  union: ({ options }, of) => options.map((each) => of(each)).join(' | '),
  intersection: ({ left, right }, of) => `${of(left)} & ${of(right)}`,
  enum: ({ entries }) =>
    Object.values(entries)
      .map((value) => JSON.stringify(value))
      .join(' | '),
  literal: ({ values }) =>
    values.map((value) => (typeof value === 'bigint' ? `${value}n` : String(JSON.stringify(value)))).join(' | '),
  pipe: ({ in: stored, out }, of) => pipeOf(stored, of(stored), of(out)),
  lazy: () => '…'
}

const HIDDEN_WORDS: Readonly<Record<string, Words>> = { default: inner, enum: () => 'enum', literal: () => 'literal' }

function pipeOf(stored: $ZodType, from: string, to: string): string {
  if (to === 'transform' || to === from) return from
  return (stored._zod.def as unknown as Def).type === 'transform' ? to : `${to}, stored as ${from}`
}

function defaultOf(value: unknown): string {
  const isShort = value === null || ['string', 'number', 'boolean'].includes(typeof value)
  return isShort ? ` = ${JSON.stringify(value)}` : ''
}

function bracketed(type: string): string {
  return type.includes(' ') && !type.startsWith('{') ? `(${type})` : type
}

function cut(type: string): string {
  return type.length > LONGEST ? `${type.slice(0, LONGEST)}…` : type
}
