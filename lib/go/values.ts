import { GoValueError } from '../errors.js'

/** The kinds of Go types that a simple session consists of. */
export type GoKind = 'nil' | 'bool' | 'int' | 'uint' | 'float' | 'bytes' | 'string' | 'list'

/** A value with its type in Go. */
export interface GoValue {
  readonly kind: GoKind
  /** The name of its type, which may be a type of the app's own. */
  readonly type: string
  /**
   * The value: bytes as base64, a list as its items, and an integer as a bigint if a number can't represent it exactly.
   */
  readonly value: null | boolean | number | bigint | string | readonly GoValue[]
}

/** A `map[interface{}]interface{}`. */
export interface GoMap {
  readonly values: ReadonlyMap<string, GoValue>
  /** Whether the map was read completely: no value had a type that only Go knows, and every key was a string. */
  readonly isWhole: boolean
}

export const LIST = '[]interface {}'
export const NIL: GoValue = { kind: 'nil', type: '', value: null }

/** The kinds of the types that an app can ask for, by name. */
const KINDS: Readonly<Record<string, GoKind>> = {
  bool: 'bool',
  int: 'int',
  int8: 'int',
  int16: 'int',
  int32: 'int',
  int64: 'int',
  uint: 'uint',
  uint8: 'uint',
  uint16: 'uint',
  uint32: 'uint',
  uint64: 'uint',
  float32: 'float',
  float64: 'float',
  '[]uint8': 'bytes',
  string: 'string'
}

/** The names of the types that a number can have. */
export const NUMBERS = Object.keys(KINDS).filter((type) => ['int', 'uint', 'float'].includes(KINDS[type] as string))

/** Converts a value to JavaScript: lists to arrays, bytes to base64. */
export function plainValue({ value }: GoValue): unknown {
  if (typeof value === 'bigint') return Number(value)
  return Array.isArray(value) ? value.map(plainValue) : value
}

/**
 * Gives a value its type in Go. JSON has one type of number where Go has twelve, so a number gets the type that the app
 * asks for, or else the type that it had before. A number that fits neither becomes an `int` if it is whole, and
 * otherwise a `float64`.
 * @param at The path of the value, for the error.
 * @throws FST_SESSIONS_GO_VALUE when it is a value that no simple session holds
 */
export function goValue(at: string, value: unknown, wanted?: string, before?: GoValue): GoValue {
  if (value === null || value === undefined) return NIL
  if (wanted === undefined && before !== undefined && plainValue(before) === value) return before
  if (typeof value === 'string')
    return { kind: 'string', type: before?.kind === 'string' ? before.type : 'string', value }
  if (typeof value === 'boolean') return { kind: 'bool', type: before?.kind === 'bool' ? before.type : 'bool', value }
  if (typeof value === 'number') return goNumber(value, wanted, before)
  if (Array.isArray(value)) return goList(at, value, wanted, before)
  throw new GoValueError(
    `${at}: gob knows objects only as types of the Go app: keep strings, numbers, booleans and lists of these`
  )
}

function goList(
  at: string,
  items: readonly unknown[],
  wanted: string | undefined,
  before: GoValue | undefined
): GoValue {
  const former = Array.isArray(before?.value) ? (before.value as readonly GoValue[]) : []
  const value = items.map((item, index) => goValue(`${at}[${index}]`, item, wanted, former[index]))
  return { kind: 'list', type: LIST, value }
}

function goNumber(value: number, wanted: string | undefined, before: GoValue | undefined): GoValue {
  const asked = wanted === undefined ? undefined : { kind: KINDS[wanted] as GoKind, type: wanted }
  for (const type of [asked, before]) {
    if (type !== undefined && canHold(type, value)) return { kind: type.kind, type: type.type, value }
  }
  return Number.isSafeInteger(value) ? { kind: 'int', type: 'int', value } : { kind: 'float', type: 'float64', value }
}

function canHold({ kind, type }: Pick<GoValue, 'kind' | 'type'>, value: number): boolean {
  if (kind === 'float') return true
  if ((kind !== 'int' && kind !== 'uint') || !Number.isSafeInteger(value)) return false
  const bits = Number(/\d+$/.exec(type)?.[0] ?? 64)
  return kind === 'uint' ? value >= 0 && value < 2 ** bits : value >= -(2 ** (bits - 1)) && value < 2 ** (bits - 1)
}
