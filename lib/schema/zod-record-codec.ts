import type { $ZodRecordDef, $ZodType } from 'zod/v4/core'
import type { Decoded } from './codec.js'
import { copyOf } from './json.js'
import { WholeCodec } from './whole-codec.js'
import { ZodValue } from './zod-codec.js'

/**
 * The codec of a `z.record`. Each value is checked when it is set; that all required keys are present is checked when
 * the session is saved.
 */
export class ZodRecordCodec extends WholeCodec {
  readonly #key: ZodValue
  readonly #value: ZodValue

  constructor(schema: $ZodType) {
    super(new ZodValue(schema))
    const { keyType, valueType } = schema._zod.def as $ZodRecordDef
    this.#key = new ZodValue(keyType)
    this.#value = new ZodValue(valueType)
  }

  override encodeKey(key: string, value: unknown): Decoded<unknown> {
    const encodedKey = this.#key.encode(key)
    if (encodedKey.issues) return encodedKey
    return value === undefined ? { value } : this.#value.encode(value)
  }

  override decodeKey(_key: string, stored: unknown): Decoded<unknown> {
    return this.#value.decode(copyOf(stored))
  }
}
