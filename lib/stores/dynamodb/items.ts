import type { StoredRecord } from '../../../types/store.js'
import { wholeEnd } from '../internal/envelope.js'
import type { Attribute, Attributes } from './client.js'

/** The attributes of an item; `id` is the key of the table, `ttl` what DynamoDB removes items by. */
export function itemOf(id: string, text: string, version: string, expires: number): Attributes {
  requireFit(id, text)
  return { id: { S: id }, text: { S: text }, version: { S: version }, ...endsOf(expires) }
}

/**
 * The end in milliseconds, which the store goes by, and in seconds for DynamoDB's TTL. That one takes no end from more
 * than five years ago for meant, and would keep such an item for ever.
 */
export function endsOf(expires: number): { readonly expires: Attribute; readonly ttl: Attribute } {
  const end = wholeEnd(expires)
  return { expires: numberOf(end), ttl: numberOf(Math.ceil(Math.max(end, Date.now()) / 1000)) }
}

/** `undefined` for an item that has expired and is still there: DynamoDB may take days to remove it. */
export function recordIn(item: Attributes | undefined): StoredRecord | undefined {
  const expires = Number(item?.['expires']?.N)
  if (!item || !(expires > Date.now())) return undefined
  return { text: String(item['text']?.S), version: String(item['version']?.S), expires }
}

export function numberOf(value: number): Attribute {
  return { N: String(value) }
}

/** The most bytes of an item, its names included. */
const largest = 400 * 1024

/** The names of the attributes, the version and, at least, the two numbers. */
const besidesIdAndText = 48

function requireFit(id: string, text: string): void {
  const bytes = Buffer.byteLength(text) + id.length + besidesIdAndText
  if (bytes <= largest) return
  throw new RangeError(`dynamodb store: a record of ${bytes} bytes is beyond the ${largest} that DynamoDB takes`)
}
