/**
 * The layout of a store's directory. It has 256 shards, named by the first two hex digits of the ids in them, which
 * keep directories short at a million records. A shard contains:
 *
 * - `<id>`: a record, or the tombstone of a removed one
 * - `work/<id>.<version>.<position>.claim`: a claim on that state of the record (see claims.ts)
 * - `work/<version>.tmp`: a file that is being written, or a spare one (see temps.ts)
 *
 * Short-lived names have a directory of their own, which stays small and in the processor's caches: that makes writes
 * faster when there are many records.
 *
 * Ids are written in hex, because some file systems ignore case and take `aB` and `Ab` for one name.
 */
export const shardNames: readonly string[] = Array.from({ length: 256 }, (_, at) => at.toString(16).padStart(2, '0'))

export interface Place {
  /** The path of the directory that contains the record. */
  readonly shard: string
  /** The path of the record. */
  readonly record: string
}

/**
 * Returns the path of a record.
 * @throws TypeError unless the id is 32 bytes in base64url: nothing else may become part of a path
 */
export function placeOf(directory: string, id: string): Place {
  const name = hexOf(id)
  const shard = shardPath(directory, name.slice(0, 2))
  return { shard, record: `${shard}/${name}` }
}

/** Returns the id of the record in a file of this name. */
export function idIn(name: string): string {
  return Buffer.from(name, 'hex').toString('base64url')
}

/** The path of a shard's directory for short-lived names. */
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

/** Parses the name of a claim: the record's file name in the shard, and the version that is claimed. */
export function claimOf(name: string): { readonly record: string; readonly version: string } | undefined {
  const [, record, version] = claimName.exec(name) ?? []
  return record && version ? { record, version } : undefined
}

const recordName = /^[0-9a-f]{64}$/
const tempName = /^[0-9a-z]{24}\.tmp$/
const claimName = /^([0-9a-f]{64})\.([0-9a-z]+)\.\d+\.claim$/

/** @throws TypeError unless the id is 32 bytes in base64url */
function hexOf(id: string): string {
  const bytes = Buffer.from(String(id), 'base64url')
  if (bytes.length === 32 && bytes.toString('base64url') === id) return bytes.toString('hex')
  throw new TypeError(`file store: an id is 43 characters of base64url, the form of 32 bytes; got ${shown(id)}`)
}

/** Shows enough of an id to find the caller's mistake, and too little to leak the id into a log. */
function shown(id: unknown): string {
  return typeof id === 'string' ? `${id.length} characters, "${id.slice(0, 4)}…"` : typeof id
}
