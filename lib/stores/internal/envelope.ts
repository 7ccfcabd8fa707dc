import type { StoredRecord } from '../../../types/store.js'
import { RandomPieces } from '../../util/random.js'

/**
 * The format of a record in an engine that keeps one text by key and nothing else: a header of fixed length, so that
 * parts of it can be read or written in place, and then the text.
 *
 * ```
 * mQ3x_Jf0aZ-k 0001771234567890\n{"items":[]}
 * version      ends (ms)         text
 * ```
 */
export const versionLength = 12
/** The offset of the end in the envelope, in characters. */
export const endOffset = versionLength + 1
const endLength = 16
const headerLength = endOffset + endLength + 1

/**
 * Returns a version of 72 random bits, so that no two writers ever make the same one, even after the engine has lost
 * all its data. A writer that does not know whether its write arrived recognizes its own write by the version.
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

/**
 * Returns the end as the engine stores it: a whole number of milliseconds within the range of a `Date`.
 *
 * @throws RangeError when it is not a number
 */
export function wholeEnd(expires: number): number {
  const end = Math.min(Math.max(0, Math.ceil(expires)), lastDate)
  if (Number.isNaN(end)) throw new RangeError(`the end of a record must be a number of milliseconds, not ${expires}`)
  return end
}

/** Formats an end at the fixed length that it has in an envelope. */
export function endField(expires: number): string {
  return String(wholeEnd(expires)).padStart(endLength, '0')
}

const lastDate = 8.64e15
