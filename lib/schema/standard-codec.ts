import type { Schema } from '../../types/schema.js'
import { attempt, type Decoded, failed, jsonOnly, type ValueCodec } from './codec.js'

/**
 * The codec of a schema that can only validate, not encode. The value itself is stored, and is validated after a round
 * trip through JSON.
 */
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
      // Messages of other validators may quote the value.
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
