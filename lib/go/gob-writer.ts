import type { GoKind, GoValue } from './values.js'

/**
 * Writes the format that gob-reader.ts reads, byte for byte as encoding/gob does: each message is its length, the id of
 * a type and the value. A type is defined in a message of its own. If a type first occurs within a value, it is defined
 * there: the message ends at that point, and another one continues the value. Only the order of a map's entries is
 * undefined, as it is in Go.
 */

/**
 * The definition of `map[interface {}]interface {}` with the id 65: its own id, and that of interfaces for keys and
 * elements.
 */
const MAP_DEFINITION = Buffer.from('0eff81040102ff8200011001100000', 'hex')
/** The definition of `[]interface {}` with the id 66. */
const LIST_DEFINITION = Buffer.from('ff83020102ff840001100000', 'hex')
const MAP_ID = 65
const LIST_ID = 66

/** The ids of types that are the same in all streams, and that of the list. */
const IDS: Readonly<Record<Exclude<GoKind, 'nil'>, number>> = {
  bool: 1,
  int: 2,
  uint: 3,
  float: 4,
  bytes: 5,
  string: 6,
  list: LIST_ID
}

export function gobOfText(text: string): Buffer {
  return message([int(IDS.string), SINGLE, bytes(Buffer.from(text))])
}

export function gobOfMap(values: ReadonlyMap<string, GoValue>): Buffer {
  const entries = [...values]
  const firstList = entries.findIndex(([, { kind }]) => kind === 'list')
  const start = [int(MAP_ID), SINGLE, uint(values.size)]
  if (firstList === -1) return Buffer.concat([MAP_DEFINITION, message([...start, ...entries.flatMap(entryOf)])])
  const [key, list] = entries[firstList] as [string, GoValue]
  const before = [...entries.slice(0, firstList).flatMap(entryOf), keyOf(key), nameOf(list), LIST_DEFINITION]
  const after = [heldBy(list), ...entries.slice(firstList + 1).flatMap(entryOf)]
  return Buffer.concat([MAP_DEFINITION, message([...start, ...before]), message(after)])
}

function entryOf([key, value]: readonly [string, GoValue]): readonly Buffer[] {
  return [keyOf(key), interfaceOf(value)]
}

function keyOf(key: string): Buffer {
  return interfaceOf({ kind: 'string', type: 'string', value: key })
}

/** The byte in front of a value that is not in a structure. */
const SINGLE = Buffer.of(0)

function message(parts: readonly Buffer[]): Buffer {
  return bytes(Buffer.concat(parts))
}

function interfaceOf(value: GoValue): Buffer {
  return value.kind === 'nil' ? nameOf(value) : Buffer.concat([nameOf(value), heldBy(value)])
}

/** The name of a value's type. */
function nameOf({ type }: GoValue): Buffer {
  return bytes(Buffer.from(type))
}

/** The id of a value's type, the length of the rest, and the value. */
function heldBy(value: GoValue): Buffer {
  return Buffer.concat([int(IDS[value.kind as keyof typeof IDS]), message([SINGLE, contentOf(value)])])
}

function contentOf({ kind, value }: GoValue): Buffer {
  if (Array.isArray(value)) return Buffer.concat([uint(value.length), ...value.map(interfaceOf)])
  if (kind === 'string') return bytes(Buffer.from(value as string))
  if (kind === 'bytes') return bytes(Buffer.from(value as string, 'base64'))
  if (kind === 'float') return float(value as number)
  return kind === 'int' ? int(value as number | bigint) : uint(value as number | bigint | boolean)
}

function bytes(content: Buffer): Buffer {
  return Buffer.concat([uint(content.length), content])
}

/** Writes a floating-point number. Its bytes are in reverse order, so that simple numbers are short. */
function float(value: number): Buffer {
  const eight = Buffer.alloc(8)
  eight.writeDoubleLE(value)
  return uint(eight.readBigUInt64BE())
}

/** Writes a signed integer. Its lowest bit says whether the other bits are inverted. */
function int(value: number | bigint): Buffer {
  const whole = BigInt(value)
  return uint(whole < 0n ? (~whole << 1n) | 1n : whole << 1n)
}

/**
 * Writes an unsigned integer: a single byte below 128; or the negated number of bytes, and then these bytes, highest
 * first.
 */
function uint(value: number | bigint | boolean): Buffer {
  const whole = BigInt(value)
  if (whole < 128n) return Buffer.of(Number(whole))
  const hex = whole.toString(16)
  const content = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.of(256 - content.length), content])
}
