/**
 * The bytes of a file. A record is a line of 92 bytes, then its text in UTF-8, then perhaps line feeds that cover what
 * the file held before:
 *
 *     FS1r <checksum> <version> <id> <bytes of text>\n<text>
 *
 * The mark that a record was removed is shorter than that line, so that a file's size alone tells that it is no record:
 *
 *     FS1x 00000000 <version>\n
 *
 * The checksum covers all that follows the version. It and the id are for the machine that lost its power: then a file
 * can hold parts of two states, or what was in its blocks before. A process that dies leaves no such thing.
 */
export const headLength = 92
export const markLength = 39

/** `damaged`: not a file that this store has written to its end. */
export type Kind = 'record' | 'removed' | 'damaged'

export interface Head {
  readonly kind: Kind
  readonly version: string
}

/** Shared by all that is written and read: none of it waits between filling it and emptying it. */
export const scratch = Buffer.allocUnsafeSlow(65_536)

/** The bytes of a record, made up to `atLeast` bytes. Valid until the next one is encoded. */
export function encodeRecord(id: string, text: string, version: string, atLeast: number): Buffer {
  const room = Math.max(headLength + 3 * text.length, atLeast)
  const bytes = room <= scratch.length ? scratch : Buffer.allocUnsafe(room)
  const length = bytes.write(text, headLength)
  const end = headLength + length
  bytes.write(` ${version} ${id} ${hex8(length)}\n`, 13, 'latin1')
  bytes.write(`FS1r ${hex8(checksum(bytes.subarray(summedFrom, end)))}`, 0, 'latin1')
  if (end >= atLeast) return bytes.subarray(0, end)
  bytes.fill(10, end, atLeast)
  return bytes.subarray(0, atLeast)
}

export function encodeRemoval(version: string): Buffer {
  return Buffer.from(`FS1x 00000000 ${version}\n`, 'latin1')
}

/** Versions become part of file names, and what comes from a caller or from the disk may be anything. */
export function isVersion(version: unknown): version is string {
  return typeof version === 'string' && versionForm.test(version)
}

/** @param bytes at least the first `headLength` of a file of `size` bytes, as far as it has them */
export function decodeHead(bytes: Buffer, size: number): Head {
  const kind = size < markLength ? undefined : kinds[bytes.toString('latin1', 0, 5)]
  if (kind === undefined || (kind === 'record' && size < headLength)) return damaged
  const version = bytes.toString('latin1', 14, 38)
  return isVersion(version) ? { kind, version } : damaged
}

/** The text of a whole record of `size` bytes; `undefined` if it is damaged, or not of this id. */
export function decodeText(bytes: Buffer, size: number, id: string): string | undefined {
  const end = headLength + Number.parseInt(bytes.toString('latin1', 83, 91), 16)
  if (!(end <= size) || bytes.toString('latin1', summedFrom, 82) !== id) return undefined
  if (bytes.toString('latin1', 5, 13) !== hex8(checksum(bytes.subarray(summedFrom, end)))) return undefined
  return bytes.toString('utf8', headLength, end)
}

const kinds: Readonly<Record<string, Kind>> = { 'FS1r ': 'record', 'FS1x ': 'removed' }
const versionForm = /^[0-9a-z]{24}$/
const damaged: Head = { kind: 'damaged', version: 'damaged' }

/** Where the id begins. */
const summedFrom = 39

let zlib: typeof import('node:zlib') | undefined

/** The module is loaded at the first record, as it takes a millisecond of the start of apps that have other stores. */
function checksum(bytes: Buffer): number {
  zlib ??= process.getBuiltinModule('node:zlib')
  return zlib.crc32(bytes)
}

function hex8(value: number): string {
  return value.toString(16).padStart(8, '0')
}
