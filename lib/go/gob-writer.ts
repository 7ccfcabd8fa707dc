import type { GoKind, GoValue } from './values.js'

/*
 * Writes what gob-reader.ts reads, byte for byte as encoding/gob does: each message is its length, the id of a type and
 * the value. A type is defined in a message of its own; one that first comes up within a value is defined there, where the
 * message then ends, and another one goes on. Only the order of a map's entries is no more certain than in Go.
 */

/** `map[interface {}]interface {}` with the id 65: an id for itself, and that of interfaces for keys and elements. */
const MAP_DEFINITION = Buffer.from('0eff81040102ff8200011001100000', 'hex')
/** `[]interface {}` with the id 66. */
const LIST_DEFINITION = Buffer.from('ff83020102ff840001100000', 'hex')
const MAP_ID = 65
const LIST_ID = 66

/** Ids that all streams have in common. */
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

/** What stands before a value that is in no structure. */
const SINGLE = Buffer.of(0)

function message(parts: readonly Buffer[]): Buffer {
  return bytes(Buffer.concat(parts))
}

function interfaceOf(value: GoValue): Buffer {
  return value.kind === 'nil' ? nameOf(value) : Buffer.concat([nameOf(value), heldBy(value)])
}

/** Of its type. */
function nameOf({ type }: GoValue): Buffer {
  return bytes(Buffer.from(type))
}

/** The id of its type, the length of what follows, and the value. */
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

/** Its bytes stand in reverse, so that simple numbers are short. */
function float(value: number): Buffer {
  const eight = Buffer.alloc(8)
  eight.writeDoubleLE(value)
  return uint(eight.readBigUInt64BE())
}

/** The lowest bit says whether the others are inverted. */
function int(value: number | bigint): Buffer {
  const whole = BigInt(value)
  return uint(whole < 0n ? (~whole << 1n) | 1n : whole << 1n)
}

/** One byte below 128; or the number of bytes, negated, and these, the highest first. */
function uint(value: number | bigint | boolean): Buffer {
  const whole = BigInt(value)
  if (whole < 128n) return Buffer.of(Number(whole))
  const hex = whole.toString(16)
  const content = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.of(256 - content.length), content])
}
