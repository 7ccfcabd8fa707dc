import type { Schema } from '../types/schema.js'
import {
  attempt,
  type Codec,
  type Data,
  type Decoded,
  emptyOf,
  failed,
  jsonOnly,
  objectOnly,
  type Payload,
  type ValueCodec
} from './codec.js'

/** A schema that can only be read through: what is stored is the value itself, checked once it has been through JSON. */
export class StandardCodec implements Codec {
  readonly #value: StandardValue

  constructor(schema: Schema) {
    this.#value = new StandardValue(schema)
  }

  decode(payload: Payload): Decoded<Data> {
    return objectOnly(this.#value.decode(payload))
  }

  empty(): Data {
    return emptyOf(this)
  }

  encodeKey(_key: string, value: unknown): Decoded<unknown> {
    return jsonOnly(value)
  }

  encode(data: Data): Decoded<Payload> {
    return objectOnly(this.#value.encode(data))
  }

  get makesCopies(): boolean {
    return false
  }

  isPlain(): boolean {
    return false
  }
}

export class StandardValue implements ValueCodec {
  readonly #schema: Schema

  constructor(schema: Schema) {
    this.#schema = schema
  }

  decode(stored: unknown): Decoded<unknown> {
    return attempt(() => {
      const result = this.#schema['~standard'].validate(stored)
      if (result instanceof Promise) return failed('the schema checks asynchronously: sessions need a synchronous one')
      if (!result.issues) return { value: result.value }
      // Messages of other validators quote the value.
      const message = `refused by ${this.#schema['~standard'].vendor}`
      return { issues: result.issues.map(({ path }) => ({ path, message })) }
    })
  }

  encode(value: unknown): Decoded<unknown> {
    const json = jsonOnly(value)
    if (json.issues) return json
    const stored: unknown = JSON.parse(JSON.stringify(value))
    const checked = this.decode(structuredClone(stored))
    return checked.issues ? checked : { value: stored }
  }
}
