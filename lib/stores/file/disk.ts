import { constants, linkSync, lstatSync, renameSync, type Stats, unlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'

/**
 * Flags for opening a path that another user may have planted: a symbolic link is refused, and a named pipe does not
 * block the process.
 */
export const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>

/**
 * Identifies one state of a record's file without opening it. `mark` is drawn at random for each state, so two states
 * with equal mark, end, size and inode do not occur in practice.
 */
export interface Stamp {
  /** The inode number of the file. */
  readonly ino: number
  /** The size of the file in bytes. */
  readonly size: number
  /** When the record ends, in milliseconds since the epoch: the file's modification time. */
  readonly end: number
  /** A random mark in the same unit: the file's access time. */
  readonly mark: number
}

export type Times = Pick<Stamp, 'end' | 'mark'>

export function endOf(stats: Stats): number {
  return Math.floor(stats.mtimeMs)
}

export function stampOf(stats: Stats): Stamp {
  return { ino: stats.ino, size: stats.size, end: endOf(stats), mark: Math.floor(stats.atimeMs) }
}

export function isSameStamp(a: Stamp, b: Stamp): boolean {
  return a.mark === b.mark && a.end === b.end && a.size === b.size && a.ino === b.ino
}

/**
 * Returns the times of a file whose record ends at `expires`. The access time lies after the end, by up to about four
 * years: with the usual mount option `relatime`, the kernel would otherwise write a new access time to the disk at each
 * read.
 *
 * @throws TypeError when `expires` is not finite
 */
export function timesOf(expires: number): Times {
  if (!Number.isFinite(expires)) throw new TypeError(`file store: expires must be a finite number, not ${expires}`)
  const end = Math.max(0, Math.ceil(expires))
  return { end, mark: end + 1000 + Math.floor(Math.random() * 2 ** 37) }
}

/**
 * Converts the times to seconds, as utimes takes them. Half a millisecond is added, because seconds in floating point
 * lose a little precision on the way.
 */
export function secondsOf({ end, mark }: Times): readonly [accessed: number, changed: number] {
  return [(mark + 0.5) / 1000, (end + 0.5) / 1000]
}

export type Linked = 'linked' | 'taken' | 'gone'

/** Gives a file a second name. The result says when that name is taken, or when the file is gone. */
export function link(path: string, name: string): Linked {
  try {
    linkSync(path, name)
    return 'linked'
  } catch (cause) {
    if (hasCode(cause, 'EEXIST')) return 'taken'
    if (hasCode(cause, 'ENOENT')) return 'gone'
    throw cause
  }
}

/** Renames a file. `false`: there was nothing at `path`. */
export function rename(path: string, name: string): boolean {
  try {
    renameSync(path, name)
    return true
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return false
    throw cause
  }
}

/** Removes a file. `false`: there was nothing to remove. */
export function remove(path: string): boolean {
  try {
    unlinkSync(path)
    return true
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return false
    throw cause
  }
}

/**
 * Removes a file, and ignores errors. A sweep would remove it later, and a failure here must neither make a completed
 * write fail nor hide why a write failed.
 */
export function tidy(path: string): void {
  try {
    unlinkSync(path)
  } catch {}
}

export function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}

/** Waits until a file or directory is on disk. A file that is gone counts as done. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | O_NOFOLLOW).catch((cause: unknown) => {
    if (!hasCode(cause, 'ENOENT')) throw cause
  })
  if (handle === undefined) return
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export function hasCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === code
}
