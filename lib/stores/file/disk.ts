import { constants, linkSync, lstatSync, renameSync, type Stats, unlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'

/**
 * Flags for opening what others may have put there. A symbolic link is refused, and a pipe does not keep the process
 * waiting.
 */
export const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>

/**
 * What tells one state of a record's file from every other without opening it, since `mark` is drawn anew for each. Two
 * with the same mark, end, size and file do not come within the age of the universe.
 */
export interface Stamp {
  /** The number of the file in its file system. */
  readonly ino: number
  /** In bytes. */
  readonly size: number
  /** When the record ends, in milliseconds since the epoch: the time of the file's "last change". */
  readonly end: number
  /** The time of its "last access", in the same unit. */
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
 * The times to give a file for a record to end at `expires`. The access time lies after the end, within four years:
 * else the kernel would write a new one to disk at each read.
 */
export function timesOf(expires: number): Times {
  if (!Number.isFinite(expires)) throw new TypeError(`file store: expires must be a finite number, not ${expires}`)
  const end = Math.max(0, Math.ceil(expires))
  return { end, mark: end + 1000 + Math.floor(Math.random() * 2 ** 37) }
}

/**
 * The same in seconds, as utimes takes them. Half a millisecond more, since seconds in floating point lose a little on
 * the way.
 */
export function secondsOf({ end, mark }: Times): readonly [accessed: number, changed: number] {
  return [(mark + 0.5) / 1000, (end + 0.5) / 1000]
}

export type Linked = 'linked' | 'taken' | 'gone'

/** Gives a file a second name, unless that is taken or the file is gone. */
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

/** `false`: there was nothing at `path`. */
export function rename(path: string, name: string): boolean {
  try {
    renameSync(path, name)
    return true
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return false
    throw cause
  }
}

/** `false`: there was nothing to remove. */
export function remove(path: string): boolean {
  try {
    unlinkSync(path)
    return true
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return false
    throw cause
  }
}

/** Removes what a sweep would remove later: that must not make a write fail that is done, nor hide why one was not. */
export function tidy(path: string): void {
  try {
    unlinkSync(path)
  } catch {}
}

export function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}

/** Waits until a file or directory is on disk. One that is gone has nothing to wait for. */
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
