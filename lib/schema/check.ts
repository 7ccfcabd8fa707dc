import { type $ZodCatchDef, type $ZodType, type $ZodTypeDef, decode } from 'zod/v4/core'
import { ConfigError } from '../errors.js'
import { oneWayFault } from './pipe-check.js'
import { isZod3, ZOD_3 } from './zod-3.js'

/**
 * Refuses a zod schema at start if its values can't be written to JSON and read back. It walks the schema's definition
 * tree (`_zod.def`, https://zod.dev/library-authors), because there are no values yet.
 * @throws FST_SESSIONS_CONFIG
 */
export function checkSchema(session: string, schema: $ZodType): void {
  walk(schema, { session, path: '', stored: true, seen: { stored: new Set(), typed: new Set() } })
}

interface Place {
  readonly session: string
  readonly path: string
  /** Whether a value of this schema is stored. The typed side of a codec is not, so it may be anything. */
  readonly stored: boolean
  readonly seen: { readonly stored: Set<$ZodType>; readonly typed: Set<$ZodType> }
}

/** The types that JSON can't hold, with what to write instead. */
const NOT_JSON: Readonly<Record<string, string>> = {
  date: 'write z.codec(z.iso.datetime(), z.date(), { decode: (text) => new Date(text), encode: (date) => date.toISOString() })',
  map: 'write z.codec(z.array(z.tuple([key, value])), z.map(key, value), { decode: (entries) => new Map(entries), encode: (map) => [...map] })',
  set: 'write z.codec(z.array(item), z.set(item), { decode: (items) => new Set(items), encode: (set) => [...set] })',
  bigint:
    'write z.codec(z.string(), z.bigint(), { decode: (text) => BigInt(text), encode: (value) => value.toString() })',
  symbol: 'keep a string instead',
  function: 'keep what the function needs instead',
  promise: 'keep what it resolves to instead',
  nan: 'keep null instead',
  file: 'keep the file elsewhere and its name here'
}

/** The members of all kinds of definitions. Each kind has only some of them. */
type Def = Omit<$ZodTypeDef, 'checks'> & {
  readonly innerType?: $ZodType
  readonly shape?: Readonly<Record<string, $ZodType>>
  readonly catchall?: $ZodType
  readonly element?: $ZodType
  readonly items?: readonly $ZodType[]
  readonly rest?: $ZodType | null
  readonly options?: readonly $ZodType[]
  readonly left?: $ZodType
  readonly right?: $ZodType
  readonly keyType?: $ZodType
  readonly valueType?: $ZodType
  readonly in?: $ZodType
  readonly out?: $ZodType
  readonly transform?: unknown
  readonly reverseTransform?: unknown
  readonly getter?: () => $ZodType
  readonly values?: readonly unknown[]
  readonly checks?: readonly { readonly _zod: { readonly def: { readonly fn?: unknown } } }[]
  readonly fn?: unknown
  readonly defaultValue?: unknown
}

function walk(schema: $ZodType, place: Place): void {
  const seen = place.stored ? place.seen.stored : place.seen.typed
  if (seen.has(schema)) return
  seen.add(schema)
  refuseOthers(schema, place)
  const def = schema._zod.def as Def
  refuseOneWay(schema, def, place)
  refuseAsync(def, place)
  if (place.stored) refuseNotJson(schema, def, place)
  if (def.shape !== undefined && Object.hasOwn(def.shape, '__proto__'))
    refuse(place, 'a key can not be named __proto__')
  refuseFailingDefault(def, place)
  refuseSharedDefault(schema, def, place)
  refuseNever(def, place)
  for (const [child, path, stored] of children(def, place)) walk(child, { ...place, path, stored })
}

/** Refuses anything but a zod 4 schema, since it has no definition to check. */
function refuseOthers(schema: unknown, place: Place): void {
  if (isZod3(schema)) refuse(place, ZOD_3)
  if (typeof schema !== 'object' || schema === null || !('_zod' in schema)) {
    refuse(place, `expected a schema of zod, got ${schema === null ? 'null' : typeof schema}`)
  }
}

function refuseOneWay(schema: $ZodType, def: Def, place: Place): void {
  if (def.type === 'transform' || def.type === 'success') {
    refuse(place, `z.${def.type}() goes one way and can't be stored: write z.codec(stored, typed, { decode, encode })`)
  }
  const fault = oneWayFault(schema)
  if (fault !== undefined) refuse(place, fault)
}

function refuseAsync(def: Def, place: Place): void {
  const functions = [
    def.fn,
    def.transform,
    def.reverseTransform,
    ...(def.checks ?? []).map((check) => check._zod.def.fn)
  ]
  if (functions.some((fn) => fn instanceof AsyncFunction)) {
    refuse(place, 'sessions are read and written synchronously, so checks and codecs must not be async')
  }
}

function refuseNotJson(schema: $ZodType, def: Def, place: Place): void {
  const instead = NOT_JSON[def.type]
  if (instead !== undefined) refuse(place, `z.${def.type}() does not survive storage as JSON: ${instead}`)
  if (def.values?.some((value) => typeof value === 'bigint')) {
    refuse(place, `a bigint does not survive storage as JSON: ${NOT_JSON['bigint']}`)
  }
  if (schema._zod.bag['Class'] !== undefined) {
    refuse(
      place,
      'z.instanceof() does not survive storage as JSON: write z.codec(stored, z.instanceof(…), { decode, encode })'
    )
  }
}

/**
 * Refuses a required `z.never()`: a session without a required key is incomplete, so no session of such a schema could
 * ever be saved.
 */
function refuseNever({ shape = {} }: Def, place: Place): void {
  for (const [key, child] of Object.entries(shape)) {
    if (child?._zod?.def.type !== 'never') continue
    const path = place.path === '' ? key : `${place.path}.${key}`
    refuse(
      { ...place, path },
      'a required z.never() can be given no value: leave the key out, or write z.never().optional()'
    )
  }
}

/** Refuses a default whose function throws: no session could begin. */
function refuseFailingDefault(def: Def, place: Place): void {
  if (def.type !== 'default') return
  try {
    void def.defaultValue // zod calls the function here
  } catch (error) {
    refuse(place, `the function that gives its default failed: ${error}`)
  }
}

/**
 * Refuses a default that would be shared. zod copies a default only one level deep, so an object nested in it would be
 * the same object in every session of every user.
 */
function refuseSharedDefault(schema: $ZodType, def: Def, place: Place): void {
  const fallback = FALLBACKS[def.type]
  if (fallback === undefined || !sharesObjects(fallback(schema), fallback(schema))) return
  refuse(
    place,
    `zod hands out one and the same object in this default to everybody: write it as a function, .${def.type}(() => (…))`
  )
}

/**
 * The functions that return the value used for an absent or invalid one, by schema type. A `prefault` is parsed, which
 * may copy it.
 */
const FALLBACKS: Readonly<Record<string, (schema: $ZodType) => unknown>> = {
  default: (schema) => (schema._zod.def as Def).defaultValue,
  prefault: (schema) => attempted(() => decode(schema, undefined)),
  catch: (schema) =>
    attempted(() => (schema._zod.def as $ZodCatchDef).catchValue({ ...NO_VALUE, error: { issues: [] } }))
}

const NO_VALUE = { value: undefined, input: undefined, issues: [] }

/** Runs a function of the app, which may throw when it gets no value. Then there is no value to share. */
function attempted(run: () => unknown): unknown {
  try {
    return run()
  } catch {
    return undefined
  }
}

/** Whether two values share an object that can be changed. Freezing an object does not freeze the objects in it. */
function sharesObjects(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || !a || !b) return false
  if (a === b && !Object.isFrozen(a)) return true
  return Object.keys(a).some((key) => sharesObjects(a[key as never], b[key as never]))
}

/** The members that are one schema each, with what the path to it ends in. */
const PARTS = { element: '[]', keyType: '{key}', valueType: '{}', innerType: '', left: '', right: '', in: '' } as const

/** Lists also what is `undefined` and should not be: with circular imports, a schema may not be there yet. */
function children(def: Def, { path, stored }: Place): readonly (readonly [$ZodType, string, boolean])[] {
  const found: [$ZodType, string, boolean][] = []
  const add = (child: unknown, at: string, isStored = stored) => found.push([child as $ZodType, at, isStored])
  for (const [key, child] of Object.entries(def.shape ?? {})) add(child, path === '' ? key : `${path}.${key}`)
  for (const [index, child] of (def.items ?? []).entries()) add(child, `${path}[${index}]`)
  for (const child of def.options ?? []) add(child, path)
  if (def.catchall) add(def.catchall, `${path}.*`)
  if (def.rest) add(def.rest, `${path}[]`)
  for (const part of Object.keys(PARTS) as (keyof typeof PARTS)[])
    if (part in def) add(def[part], `${path}${PARTS[part]}`)
  if (def.getter) add(def.getter(), path)
  if ('out' in def) add(def.out, path, stored && def.reverseTransform === undefined)
  return found
}

function refuse(place: Place, reason: string): never {
  const where = place.path === '' ? 'its schema' : place.path
  throw new ConfigError(`session "${place.session}": ${where}: ${reason}`)
}

const AsyncFunction = (async () => undefined).constructor as FunctionConstructor
