import type { StoredRecord } from '../../../types/store.js'
import { wholeEnd } from '../internal/envelope.js'
import type { Attribute, Attributes } from './client.js'

/**
 * Returns the attributes of an item. `id` is the partition key, `ttl` the attribute by which DynamoDB removes expired
 * items.
 *
 * @throws RangeError when the item exceeds DynamoDB's limit
 */
export function itemOf(id: string, text: string, version: string, expires: number): Attributes {
  requireFit(id, text)
  return { id: { S: id }, text: { S: text }, version: { S: version }, ...endsOf(expires) }
}

/**
 * Returns the end in milliseconds, by which the store judges a record, and in seconds for DynamoDB's TTL. The TTL
 * ignores a time more than five years in the past, and would keep such an item for ever.
 */
export function endsOf(expires: number): { readonly expires: Attribute; readonly ttl: Attribute } {
  const end = wholeEnd(expires)
  return { expires: numberOf(end), ttl: numberOf(Math.ceil(Math.max(end, Date.now()) / 1000)) }
}

/**
 * Returns the record of an item. `undefined`: there is no item, or it has expired and DynamoDB has not removed it yet,
 * which may take days.
 */
export function recordIn(item: Attributes | undefined): StoredRecord | undefined {
  const expires = Number(item?.['expires']?.N)
  if (!item || !(expires > Date.now())) return undefined
  return { text: String(item['text']?.S), version: String(item['version']?.S), expires }
}

export function numberOf(value: number): Attribute {
  return { N: String(value) }
}

/** The most bytes that an item may have, including the names of its attributes. */
const largest = 400 * 1024

/** The least bytes of an item besides its id and text: the names of the attributes, the version and two numbers. */
const besidesIdAndText = 48

/** @throws RangeError when the item exceeds DynamoDB's limit */
function requireFit(id: string, text: string): void {
  const bytes = Buffer.byteLength(text) + id.length + besidesIdAndText
  if (bytes <= largest) return
  throw new RangeError(`dynamodb store: a record of ${bytes} bytes is beyond the ${largest} that DynamoDB takes`)
}
