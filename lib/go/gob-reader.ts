import { type GoKind, type GoMap, type GoValue, LIST, NIL, plainValue } from './values.js'

/**
 * Reads the part of Go's gob format (package encoding/gob) that simple sessions consist of: a string, or a map of
 * interfaces that hold strings, numbers, booleans, bytes and lists of these. Other values in a map are skipped, by the
 * length that the format gives.
 */

/** The ids of types that are the same in all streams. */
const STRING = 6
const BASIC: Readonly<Record<number, GoKind>> = { 1: 'bool', 2: 'int', 3: 'uint', 4: 'float', 5: 'bytes', 6: 'string' }
const FIRST_OF_STREAM = 64

type Shape = 'int' | 'text' | readonly Shape[] | ListOf
interface ListOf {
  readonly of: Shape
}

/**
 * The shape of a type definition: an array, a slice, a structure, a map, or a type with one of three encodings of its
 * own.
 */
const COMMON: Shape = ['text', 'int']
const DEFINITION: Shape = [
  [COMMON, 'int', 'int'],
  [COMMON, 'int'],
  [COMMON, { of: ['text', 'int'] }],
  [COMMON, 'int', 'int'],
  [COMMON],
  [COMMON],
  [COMMON]
]

/** The deepest nesting that is read; simple sessions are not nested deeper. */
const MAX_DEPTH = 32

/** Reads the string, or the map as an object, in a stream; `undefined` if it holds neither. Never throws. */
export function readGob(bytes: Uint8Array): string | Record<string, unknown> | undefined {
  const read = readTyped(bytes)
  return typeof read === 'object' ? plainOf(read.values) : read
}

/** Does the same, and keeps the types that the values have in Go. Never throws. */
export function readTyped(bytes: Uint8Array): string | GoMap | undefined {
  try {
    return new Reader(bytes).value()
  } catch {
    return undefined
  }
}

function plainOf(values: GoMap['values']): Record<string, unknown> {
  return Object.fromEntries([...values].map(([key, value]) => [key, plainValue(value)]))
}

class Reader {
  readonly #bytes: Buffer
  #at = 0
  /** Whether no value was left out. */
  #isWhole = true

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /**
   * Reads the value of the stream. Messages that define types come before the message with the value, and are skipped.
   *
   * @throws RangeError when the stream is malformed, as the other methods do
   */
  value(): string | GoMap | undefined {
    for (;;) {
      const end = this.#length() + this.#at
      const type = this.#int()
      if (type > 0) {
        this.#zero()
        if (type === STRING) return this.#text()
        return type > FIRST_OF_STREAM ? this.#map() : undefined
      }
      this.#at = end
    }
  }

  #map(): GoMap {
    const values = new Map<string, GoValue>()
    for (let count = this.#length(); count > 0; count--) {
      const key = this.#interface(0)?.value
      const value = this.#interface(0)
      if (typeof key !== 'string' || key === '__proto__') this.#isWhole = false
      else if (value !== undefined) values.set(key, value)
    }
    return { values, isWhole: this.#isWhole }
  }

  /**
   * Reads an interface: the name of its type, the type's id, the length of the value, and the value. `undefined` for a
   * type of the app's own.
   */
  #interface(depth: number): GoValue | undefined {
    const name = this.#text()
    if (name === '') return NIL
    if (depth > MAX_DEPTH) throw new RangeError('nested too deep')
    const type = this.#typeWithin()
    const end = this.#length() + this.#at
    const kind = name === LIST ? 'list' : BASIC[type]
    const value = kind && this.#content(kind, name, depth)
    if (value === undefined) this.#isWhole = false
    this.#at = end
    return value
  }

  #content(kind: GoKind, type: string, depth: number): GoValue {
    this.#zero()
    return { kind, type, value: kind === 'list' ? this.#list(depth + 1) : this.#basic(kind) }
  }

  /**
   * Reads the id of a type. A type may be defined where it is first used; the length of the next message then follows
   * the definition.
   */
  #typeWithin(): number {
    let type = this.#int()
    while (type < 0) {
      this.#skip(DEFINITION)
      this.#uint()
      type = this.#int()
    }
    return type
  }

  #skip(shape: Shape | undefined): void {
    if (shape === 'int') this.#uint()
    else if (shape === 'text') this.#text()
    else if (shape === undefined) throw new RangeError('no definition of a type')
    else if (Array.isArray(shape)) this.#skipFields(shape)
    else for (let count = this.#length(); count > 0; count--) this.#skip((shape as ListOf).of)
  }

  /** Skips fields. Each field says how far its number is from the one before; zero ends the list. */
  #skipFields(fields: readonly Shape[]): void {
    let field = -1
    for (let further = this.#length(); further > 0; further = this.#length()) {
      field += further
      this.#skip(fields[field])
    }
  }

  #list(depth: number): GoValue[] {
    const items: GoValue[] = []
    for (let count = this.#length(); count > 0; count--) {
      const item = this.#interface(depth)
      if (item !== undefined) items.push(item)
    }
    return items
  }

  #basic(kind: GoKind): boolean | number | bigint | string {
    switch (kind) {
      case 'bool':
        return this.#uint() === 1n
      case 'int':
        return asNumber(this.#bits())
      case 'uint':
        return asNumber(this.#uint())
      case 'float':
        return this.#float()
      case 'bytes':
        return this.#slice().toString('base64')
      default:
        return this.#text()
    }
  }

  /** Reads the zero byte in front of a value that is not in a structure. */
  #zero(): void {
    if (this.#byte() !== 0) throw new RangeError('expected a value by itself')
  }

  #text(): string {
    return this.#slice().toString()
  }

  #slice(): Buffer {
    const length = this.#length()
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** Reads a length, and checks it against the rest of the stream, so that nothing is longer than the whole. */
  #length(): number {
    const length = Number(this.#uint())
    if (length > this.#bytes.length - this.#at) throw new RangeError('the stream ends too early')
    return length
  }

  /** Reads a floating-point number. Its bytes are in reverse order, so that simple numbers are short. */
  #float(): number {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(this.#uint())
    return bytes.readDoubleBE()
  }

  /** Reads a signed integer. Its lowest bit says whether the other bits are inverted. */
  #bits(): bigint {
    const bits = this.#uint()
    return bits & 1n ? ~(bits >> 1n) : bits >> 1n
  }

  #int(): number {
    return Number(this.#bits())
  }

  /**
   * Reads an unsigned integer: a single byte below 128; or the negated number of bytes, and then these bytes, highest
   * first.
   */
  #uint(): bigint {
    const first = this.#byte()
    if (first < 128) return BigInt(first)
    const count = 256 - first
    if (count > 8) throw new RangeError('too large a number')
    let value = 0n
    for (let read = 0; read < count; read++) value = (value << 8n) | BigInt(this.#byte())
    return value
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new RangeError('the stream ends too early')
    return byte
  }
}

/** Converts to a number, unless the value is too large to be exact. */
function asNumber(whole: bigint): number | bigint {
  const number = Number(whole)
  return Number.isSafeInteger(number) ? number : whole
}
