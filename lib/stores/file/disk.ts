import { constants, linkSync, lstatSync, renameSync, type Stats, unlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'

/**
 * Flags for opening what others may have put there. A symbolic link is refused, and a pipe does not keep the process
 * waiting.
 */
export const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>

/** When a record ends, in milliseconds since the epoch: the time of its "last change". */
export function endOf(stats: Stats): number {
  return Math.floor(stats.mtimeMs)
}

/**
 * The times to give a file for a record to end at `expires`, in seconds. Half a millisecond more, since seconds in
 * floating point lose a little on the way. The access time lies after it: else the kernel would write a new one to
 * disk at each read.
 */
export function timesOf(expires: number): readonly [accessed: number, changed: number] {
  if (!Number.isFinite(expires)) throw new TypeError(`file store: expires must be a finite number, not ${expires}`)
  const end = (Math.max(0, Math.ceil(expires)) + 0.5) / 1000
  return [end + 1, end]
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
