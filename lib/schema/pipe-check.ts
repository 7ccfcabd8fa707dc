import type { $ZodType } from 'zod/v4/core'

/** The members that tell what values a definition accepts. Each kind has only some of them. */
interface Def {
  readonly type: string
  readonly innerType?: $ZodType
  readonly in?: $ZodType
  readonly out?: $ZodType
  readonly options: readonly $ZodType[]
  readonly element?: $ZodType
  readonly shape?: Readonly<Record<string, $ZodType>>
  readonly values: readonly unknown[]
  readonly entries: Readonly<Record<string, unknown>>
  readonly reverseTransform?: unknown
}

/** The end of a codec: `in` is what it stores, `out` is what handlers see. */
type End = 'in' | 'out'

/**
 * Returns what is wrong with a pipe whose ends have no value in common: it can be read by coercion, but a value that
 * was read can never be set. `undefined` if nothing is wrong.
 */
export function oneWayFault(schema: $ZodType): string | undefined {
  const { in: from, out: to, reverseTransform } = schema._zod.def as unknown as Def
  if (from === undefined || to === undefined || reverseTransform !== undefined) return undefined
  if (canMeet(from, to)) return undefined
  const [a, b] = [namesOf(from, 'out'), namesOf(to, 'in')]
  const what = a === b ? 'a pipe between schemas of different content' : `a pipe from ${a} to ${b}`
  const coerced = ['string', 'number', 'boolean'].includes(b) ? `z.coerce.${b}(), or ` : ''
  return `${what} goes one way, and what it gives could never be set: write ${coerced}z.codec(stored, typed, { decode, encode })`
}

function canMeet(from: $ZodType, to: $ZodType): boolean {
  const [a, b] = [kinds(from, 'out'), kinds(to, 'in')]
  if (a === undefined || b === undefined) return true
  return [...a].some(([kind, one]) => {
    const other = b.get(kind)
    return other !== undefined && canContentsMeet(one, other)
  })
}

function canContentsMeet(from: $ZodType, to: $ZodType): boolean {
  const [a, b] = [from._zod.def as unknown as Def, to._zod.def as unknown as Def]
  if (a.element !== undefined && b.element !== undefined) return canMeet(a.element, b.element)
  const { shape } = b
  if (shape === undefined) return true
  return Object.entries(a.shape ?? {}).every(([key, schema]) => {
    const other = Object.hasOwn(shape, key) ? shape[key] : undefined
    return other === undefined || canMeet(schema, other)
  })
}

const WRAPPERS = new Set(['optional', 'nullable', 'nonoptional', 'readonly', 'default', 'prefault', 'catch'])
const OF_ONE_KIND: Readonly<Record<string, string>> = {
  string: 'string',
  template_literal: 'string',
  number: 'number',
  boolean: 'boolean',
  object: 'object',
  record: 'object',
  array: 'array',
  tuple: 'array'
}

/**
 * Returns the kinds of JSON values that a schema accepts, each with the schema that accepts it; `undefined` if that is
 * unknown.
 */
function kinds(schema: $ZodType, end: End): ReadonlyMap<string, $ZodType> | undefined {
  const def = schema._zod.def as unknown as Def
  const kind = OF_ONE_KIND[def.type]
  if (kind !== undefined) return new Map([[kind, schema]])
  if (WRAPPERS.has(def.type)) return def.innerType && kinds(def.innerType, end)
  if (def.type === 'pipe') return kinds(def[end] as $ZodType, end)
  if (def.type === 'enum') return new Map(Object.values(def.entries).map((value) => [typeof value, schema]))
  if (def.type === 'literal') return new Map(def.values.map((value) => [kindOf(value), schema]))
  return def.type === 'union' ? kindsOfAny(def.options, end) : undefined
}

function kindsOfAny(options: readonly $ZodType[], end: End): ReadonlyMap<string, $ZodType> | undefined {
  const all = new Map<string, $ZodType>()
  for (const option of options) {
    const some = kinds(option, end)
    // If two options are of the same kind, their contents can't be told apart.
    if (some === undefined || [...some.keys()].some((kind) => all.has(kind))) return undefined
    for (const [kind, one] of some) all.set(kind, one)
  }
  return all
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value
}

/** The kinds are known: where they are not, schemas can meet. */
function namesOf(schema: $ZodType, end: End): string {
  return [...(kinds(schema, end) as ReadonlyMap<string, $ZodType>).keys()].join(' or ')
}
