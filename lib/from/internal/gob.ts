/*
 * Reads the part of Go's gob format (package encoding/gob) that simple sessions are made of: a string, or a map of
 * interfaces that hold strings, numbers, booleans, bytes and lists of these. What else a map holds is left out: the format
 * says how long it is.
 */

/** Ids that all streams have in common. */
const BOOL = 1
const INT = 2
const UINT = 3
const FLOAT = 4
const BYTES = 5
const STRING = 6
const BASIC: ReadonlySet<number> = new Set([BOOL, INT, UINT, FLOAT, BYTES, STRING])
const FIRST_OF_STREAM = 64

type Shape = 'int' | 'text' | readonly Shape[] | ListOf
interface ListOf {
  readonly of: Shape
}

/** How a type is defined: as an array, a slice, a structure, a map, or one that encodes itself in one of three ways. */
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

/** What is deeper than this no session that is simple holds. */
const MAX_DEPTH = 32

/** The string, or the map as an object, that a stream holds; `undefined` if it is neither. Never throws. */
export function readGob(bytes: Uint8Array): string | Record<string, unknown> | undefined {
  try {
    return new Reader(bytes).value()
  } catch {
    return undefined
  }
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Messages that define types come before that with the value. */
  value(): string | Record<string, unknown> | undefined {
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

  #map(): Record<string, unknown> {
    const entries: [string, unknown][] = []
    for (let count = this.#length(); count > 0; count--) {
      const key = this.#interface(0)
      const value = this.#interface(0)
      if (typeof key === 'string' && key !== '__proto__' && value !== undefined) entries.push([key, value])
    }
    return Object.fromEntries(entries)
  }

  /** The name of a type, its id, the length of the value, and the value. */
  #interface(depth: number): unknown {
    const name = this.#text()
    if (name === '') return null
    if (depth > MAX_DEPTH) throw new RangeError('nested too deep')
    const type = this.#typeWithin()
    const end = this.#length() + this.#at
    const isList = name === '[]interface {}'
    // What no session that is simple holds is left out, whatever stands there.
    if (isList || BASIC.has(type)) this.#zero()
    const value = isList ? this.#list(depth + 1) : this.#basic(type)
    this.#at = end
    return value
  }

  /** A type may be defined where it is first used; then the length of what follows stands between. */
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

  /** Each says how far it is from the one before; nought is the end. */
  #skipFields(fields: readonly Shape[]): void {
    let field = -1
    for (let further = this.#length(); further > 0; further = this.#length()) {
      field += further
      this.#skip(fields[field])
    }
  }

  #list(depth: number): unknown[] {
    const items: unknown[] = []
    for (let count = this.#length(); count > 0; count--) items.push(this.#interface(depth))
    return items
  }

  /** `undefined` for a type of the app's own. */
  #basic(type: number): unknown {
    switch (type) {
      case BOOL:
        return this.#uint() === 1n
      case INT:
        return this.#int()
      case UINT:
        return Number(this.#uint())
      case FLOAT:
        return this.#float()
      case BYTES:
        return this.#slice().toString('base64')
      case STRING:
        return this.#text()
      default:
        return undefined
    }
  }

  /** Of values that stand in no structure. */
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

  /** Of what is still to come, so that nothing is longer than the whole. */
  #length(): number {
    const length = Number(this.#uint())
    if (length > this.#bytes.length - this.#at) throw new RangeError('the stream ends too early')
    return length
  }

  /** Its bytes stand in reverse, so that simple numbers are short. */
  #float(): number {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(this.#uint())
    return bytes.readDoubleBE()
  }

  /** The lowest bit says whether the others are to be inverted. */
  #int(): number {
    const bits = this.#uint()
    return Number(bits & 1n ? ~(bits >> 1n) : bits >> 1n)
  }

  /** One byte below 128; or the number of bytes, negated, and these, the highest first. */
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
