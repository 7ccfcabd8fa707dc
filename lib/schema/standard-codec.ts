import type { Schema } from '../../types/schema.js'
import { attempt, type Decoded, failed, jsonOnly, type ValueCodec } from './codec.js'

/** A schema that can only be read through: what is stored is the value itself, checked once it has been through JSON. */
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
