import type { StoredRecord } from '../../../types/store.js'
import { RandomPieces } from '../../util/random.js'

/**
 * How a record is kept by an engine that knows one text by key and nothing else: a header of fixed length, so that a
 * part of it can be read or written in place, and the text behind it.
 *
 * ```
 * mQ3x_Jf0aZ-k 0001771234567890\n{"items":[]}
 * version      ends (ms)         text
 * ```
 */
export const versionLength = 12
/** Where the end stands in the envelope. */
export const endOffset = versionLength + 1
const endLength = 16
const headerLength = endOffset + endLength + 1

/**
 * 72 random bits: as good as never used before, by anyone, also after the engine forgot everything. A writer that is
 * not sure whether its write arrived recognizes it by them.
 */
export function freshVersion(): string {
  return versions.next()
}

const versions = new RandomPieces(9)

export function envelope(version: string, expires: number, text: string): string {
  return `${version} ${endField(expires)}\n${text}`
}

export function openEnvelope(envelope: string): StoredRecord {
  return {
    text: envelope.slice(headerLength),
    version: envelope.slice(0, versionLength),
    expires: Number(envelope.slice(endOffset, endOffset + endLength))
  }
}

/** An end as the engine gets it: a whole number of milliseconds that a Date can hold. */
export function wholeEnd(expires: number): number {
  const end = Math.min(Math.max(0, Math.ceil(expires)), lastDate)
  if (Number.isNaN(end)) throw new RangeError(`the end of a record must be a number of milliseconds, not ${expires}`)
  return end
}

/** An end at the length that it has in every envelope. */
export function endField(expires: number): string {
  return String(wholeEnd(expires)).padStart(endLength, '0')
}

const lastDate = 8.64e15
