import { type Codec, type Data, type Decoded, failed, type Payload, type ValueCodec } from './codec.js'
import { copyOf, notJson } from './json.js'

/**
 * The codec of a schema whose keys are not independent (a union, a record, another validator's). The data is encoded as
 * a whole and then checked.
 */
export class WholeCodec implements Codec {
  readonly makesCopies = false
  readonly keys = undefined
  readonly named: readonly string[] = []
  readonly #value: ValueCodec
  readonly #encodeKey: (value: unknown) => Decoded<unknown>

  constructor(value: ValueCodec, encodeKey: (value: unknown) => Decoded<unknown> = (value) => ({ value })) {
    this.#value = value
    this.#encodeKey = encodeKey
  }

  decode(payload: Payload): Decoded<Data> {
    return objectOnly(this.#value.decode(payload))
  }

  empty(): Data {
    const decoded = this.decode({})
    return decoded.issues ? {} : decoded.value
  }

  encodeKey(_key: string, value: unknown): Decoded<unknown> {
    return this.#encodeKey(value)
  }

  /** Decodes the key as part of the whole, if that is complete. Otherwise the stored form is only copied. */
  decodeKey(key: string, stored: unknown, data: Data): Decoded<unknown> {
    const whole = this.encode({ ...data, [key]: stored })
    const decoded = whole.issues ? whole : this.decode(copyOf(whole.value))
    if (!decoded.issues) return { value: decoded.value[key] }
    return { value: notJson(stored) === undefined ? copyOf(stored) : stored }
  }

  encode(data: Data): Decoded<Payload> {
    return objectOnly(this.#value.encode(data))
  }

  isPlain(): boolean {
    return false
  }
}

function objectOnly(decoded: Decoded<unknown>): Decoded<Data> {
  if (decoded.issues) return decoded
  const { value } = decoded
  return typeof value === 'object' && value !== null ? { value: value as Data } : failed('expected an object')
}
