/**
 * The format of a file. A record is a header of 92 bytes, then its text in UTF-8, then perhaps line feeds that
 * overwrite the rest of a longer text from an earlier use of the file:
 *
 *     FS1r <checksum> <version> <id> <bytes of text>\n<text>
 *
 * A tombstone, which marks a removed record, is shorter than that header, so the size of a file alone tells them apart:
 *
 *     FS1x 00000000 <version>\n
 *
 * The checksum covers everything after the version. The checksum and the id are there for a power failure, after which
 * a file can hold parts of two states, or the earlier contents of its blocks. A process that dies leaves no such file.
 */
export const headLength = 92
export const markLength = 39

/** `damaged`: a file that this store has not written, or not to its end. */
export type Kind = 'record' | 'removed' | 'damaged'

export interface Head {
  readonly kind: Kind
  readonly version: string
}

/**
 * A buffer shared by all reads and writes. That is safe because each fills and empties it without an await in between.
 */
export const scratch = Buffer.allocUnsafeSlow(65_536)

/** Returns the bytes of a record, padded to `atLeast` bytes. They are valid until the next record is encoded. */
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

/**
 * Whether the value has the form of a version. Versions become part of file names, so a value from a caller or from the
 * disk must be checked first.
 */
export function isVersion(version: unknown): version is string {
  return typeof version === 'string' && versionForm.test(version)
}

/**
 * Decodes the header of a file.
 * @param bytes The first `headLength` bytes or more of a file of `size` bytes; all of it if the file is shorter.
 */
export function decodeHead(bytes: Buffer, size: number): Head {
  const kind = size < markLength ? undefined : kinds[bytes.toString('latin1', 0, 5)]
  if (kind === undefined || (kind === 'record' && size < headLength)) return damaged
  const version = bytes.toString('latin1', 14, 38)
  return isVersion(version) ? { kind, version } : damaged
}

/**
 * Returns the text of a record. `undefined`: the file is damaged, or belongs to another id.
 * @param bytes The whole file, of `size` bytes.
 */
export function decodeText(bytes: Buffer, size: number, id: string): string | undefined {
  const end = headLength + Number.parseInt(bytes.toString('latin1', 83, 91), 16)
  if (!(end <= size) || bytes.toString('latin1', summedFrom, 82) !== id) return undefined
  if (bytes.toString('latin1', 5, 13) !== hex8(checksum(bytes.subarray(summedFrom, end)))) return undefined
  return bytes.toString('utf8', headLength, end)
}

const kinds: Readonly<Record<string, Kind>> = { 'FS1r ': 'record', 'FS1x ': 'removed' }
const versionForm = /^[0-9a-z]{24}$/
const damaged: Head = { kind: 'damaged', version: 'damaged' }

/** The offset of the id, where the bytes that the checksum covers begin. */
const summedFrom = 39

let zlib: typeof import('node:zlib') | undefined

/** `node:zlib` is loaded at the first record, because it would add to the start time of apps that use other stores. */
function checksum(bytes: Buffer): number {
  zlib ??= process.getBuiltinModule('node:zlib')
  return zlib.crc32(bytes)
}

function hex8(value: number): string {
  return value.toString(16).padStart(8, '0')
}
