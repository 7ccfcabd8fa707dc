import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, ftruncateSync, futimesSync, openSync, writeSync } from 'node:fs'
import { hasCode, link, O_NOFOLLOW, type Stamp, secondsOf, tidy, timesOf } from './disk.js'
import { encodeRecord, encodeRemoval } from './format.js'
import { tempPath } from './layout.js'
import { Spares, type Temp } from './spares.js'
import { reusedSize, type State } from './state.js'

export type { Temp } from './spares.js'

/** A file that holds a record. */
export interface RecordTemp extends Temp {
  readonly stamp: Stamp
}

interface OpenTemp {
  readonly temp: Temp
  readonly file: number
  readonly ino: number
  /** The file's length in bytes from an earlier use. */
  readonly size: number
}

/**
 * The temporary files of one process. A replaced file is kept and written anew, which is much cheaper than making a new
 * one: no inode and no block is freed and allocated again. ext4 also starts to write to the disk at once when a new
 * file is renamed over another, and does not when a reused file is.
 *
 * Two things make the reuse safe. A spare file is written only if it has no name but the one that this process alone
 * knows, so it is no record. And a process that opened the file while it was a record has finished reading, or reads
 * again (see state.ts).
 */
export class Temps {
  readonly #prefix = randomBytes(8).toString('hex')
  readonly #spares = new Spares()
  readonly #makeShard: (shard: string) => void
  #count = 0

  /** @param makeShard Creates the directory of a shard. Another process may have created it meanwhile. */
  constructor(makeShard: (shard: string) => void) {
    this.#makeShard = makeShard
  }

  /**
   * Writes a file that holds a record.
   * @throws the system's error, and then leaves no file behind; TypeError when `expires` is not finite
   */
  record(shard: string, id: string, text: string, expires: number): RecordTemp {
    const times = timesOf(expires)
    return this.#write(shard, ({ temp: { path, version }, file, ino, size }) => {
      const bytes = encodeRecord(id, text, version, size)
      writeWhole(file, bytes)
      futimesSync(file, ...secondsOf(times))
      return { path, version, stamp: { ino, size: bytes.length, end: times.end, mark: times.mark } }
    })
  }

  /** Writes a tombstone. Throws as `record` does. */
  removal(shard: string): Temp {
    return this.#write(shard, ({ temp, file, size }) => {
      const bytes = encodeRemoval(temp.version)
      writeWhole(file, bytes)
      if (size > bytes.length) ftruncateSync(file, bytes.length)
      return temp
    })
  }

  /**
   * Gives the file of a record that is about to be replaced a second name, so that it can be reused. `undefined`: the
   * file is too large to reuse, there are enough spare files, or the link failed.
   */
  hold(shard: string, record: string, { stamp }: State): Temp | undefined {
    if (stamp.size > reusedSize || this.#spares.full) return undefined
    const temp = this.#next(shard)
    try {
      return link(record, temp.path) === 'linked' ? temp : undefined
    } catch {
      return undefined // the disk may be full, for example: the record can be replaced all the same
    }
  }

  /** Adds a held file to the spare ones. Call it after the record was replaced. */
  keep(shard: string, held: Temp): void {
    this.#spares.add(shard, held)
  }

  /** Removes the spare files. */
  dispose(): void {
    for (const { path } of this.#spares.takeAll()) tidy(path)
  }

  #write<T extends Temp>(shard: string, fill: (temp: OpenTemp) => T): T {
    const open = this.#reopen(shard) ?? this.#make(shard)
    try {
      return fill(open)
    } catch (cause) {
      tidy(open.temp.path)
      throw cause
    } finally {
      closeSync(open.file)
    }
  }

  #reopen(shard: string): OpenTemp | undefined {
    for (let spare = this.#spares.take(shard); spare; spare = this.#spares.take(shard)) {
      const open = reopen(spare)
      if (open) return open
      tidy(spare.path)
    }
    return undefined
  }

  #make(shard: string): OpenTemp {
    const temp = this.#next(shard)
    try {
      return makeFile(temp)
    } catch (cause) {
      if (!hasCode(cause, 'ENOENT')) throw cause
    }
    this.#makeShard(shard)
    return makeFile(temp)
  }

  #next(shard: string): Temp {
    const version = `${this.#prefix}${(++this.#count).toString(36).padStart(8, '0')}`
    return { version, path: tempPath(shard, version) }
  }
}

function makeFile(temp: Temp): OpenTemp {
  const { O_CREAT, O_EXCL, O_WRONLY } = constants
  const file = openSync(temp.path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600)
  return { temp, file, ino: fstatSync(file).ino, size: 0 }
}

/**
 * Opens a spare file for writing. `undefined`: a sweep has removed it as abandoned, or a process died and left a second
 * name of it.
 */
function reopen(temp: Temp): OpenTemp | undefined {
  let file: number | undefined
  try {
    file = openSync(temp.path, constants.O_WRONLY | O_NOFOLLOW)
    const { nlink, ino, size } = fstatSync(file)
    if (nlink === 1 && size <= reusedSize) return { temp, file, ino, size }
  } catch {}
  if (file !== undefined) closeSync(file)
  return undefined
}

function writeWhole(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, at)
}
