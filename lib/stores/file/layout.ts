/**
 * What a directory of records holds. 256 shards, named by the first two hex digits of the ids in them, keep directories
 * short at a million records. In a shard:
 *
 * - `<id>`: a record, or the mark that one was removed
 * - `work/<id>.<version>.<position>.claim`: who is to replace that state of the record (see claims.ts)
 * - `work/<version>.tmp`: a file in the making, or a spare one (see temps.ts)
 *
 * Names that come and go have a directory of their own, which stays small and in the processor's caches: among a million
 * records, a write takes a sixth less for it.
 *
 * An id is written in hex: some file systems take `aB` and `Ab` for one name.
 */
export const shardNames: readonly string[] = Array.from({ length: 256 }, (_, at) => at.toString(16).padStart(2, '0'))

export interface Place {
  /** Path of the directory that the record is in. */
  readonly shard: string
  /** Path of the record. */
  readonly record: string
}

/** @throws TypeError for anything but 32 bytes in base64url, which is all that may become part of a path. */
export function placeOf(directory: string, id: string): Place {
  const name = hexOf(id)
  const shard = shardPath(directory, name.slice(0, 2))
  return { shard, record: `${shard}/${name}` }
}

/** The id of a record's file. */
export function idIn(name: string): string {
  return Buffer.from(name, 'hex').toString('base64url')
}

/** Path of the directory for names that come and go. */
export function workPath(shard: string): string {
  return `${shard}/work`
}

export function shardPath(directory: string, name: string): string {
  return `${directory}/${name}`
}

export function claimPath({ shard, record }: Place, version: string, position: number): string {
  return `${workPath(shard)}${record.slice(shard.length)}.${version}.${position}.claim`
}

export function tempPath(shard: string, version: string): string {
  return `${workPath(shard)}/${version}.tmp`
}

export function isRecord(name: string): boolean {
  return recordName.test(name)
}

export function isTemp(name: string): boolean {
  return tempName.test(name)
}

/** What the name of a claim says: the record, by its name in the shard, and its version. */
export function claimOf(name: string): { readonly record: string; readonly version: string } | undefined {
  const [, record, version] = claimName.exec(name) ?? []
  return record && version ? { record, version } : undefined
}

const recordName = /^[0-9a-f]{64}$/
const tempName = /^[0-9a-z]{24}\.tmp$/
const claimName = /^([0-9a-f]{64})\.([0-9a-z]+)\.\d+\.claim$/

function hexOf(id: string): string {
  const bytes = Buffer.from(String(id), 'base64url')
  if (bytes.length === 32 && bytes.toString('base64url') === id) return bytes.toString('hex')
  throw new TypeError(`file store: an id is 43 characters of base64url, the form of 32 bytes; got ${shown(id)}`)
}

/** Enough to find the caller's mistake, too little to leak an id into a log. */
function shown(id: unknown): string {
  return typeof id === 'string' ? `${id.length} characters, "${id.slice(0, 4)}…"` : typeof id
}
