import { resolve } from 'node:path'
import { StoreConfigError } from '../errors.js'
import { type FileStore, OnDisk } from './file/on-disk.js'
import { storeOptions } from './internal/options.js'

export type { FileStore, FileSweepOptions, SweepProgress } from './file/on-disk.js'

export interface FileStoreOptions {
  /** Where the records are kept; a relative path starts at the working directory. `setup` makes it if need be. */
  readonly directory: string
  /**
   * What a write waits for. `none`, the default: the operating system. A process may then be killed at any moment, but
   * a machine that loses its power may lose records that were written in the last minute. `fsync`: the disk.
   */
  readonly durability?: 'none' | 'fsync'
}

/**
 * Keeps each record in a file of its own, in a directory that several processes on one machine may share. No process
 * overwrites another's change, and one that is killed, at whatever instant, leaves the old record or the new one.
 *
 * Files are read and written synchronously: for a file of a few hundred bytes, which is in the system's cache, that
 * takes a few microseconds, and the thread pool would take twenty times as much processor time. On a disk that has to
 * be waited for, all requests wait. `fsync` and the walks of `sweep` and `clear` leave the event loop free.
 *
 * - Local file systems only, with hard links and times in milliseconds: ext4, XFS, Btrfs, ZFS, tmpfs, APFS. Nothing is
 *   promised on NFS and other network file systems, nor on Windows, where a file that someone reads can't be replaced.
 * - `touch` moves a file's modification time, and nothing that backs up or restores the directory may change it.
 * - What was removed or replaced is gone for readers at once, and from the disk when `sweep` comes by.
 * - The directory is closed to other users (0700, files 0600). Texts are written as they are, not encrypted.
 *
 * @throws StoreConfigError when an option is wrong.
 * @example
 * ```ts
 * const options = defineSessions({ stores: { file: fileStore({ directory: './sessions' }) }, … })
 * ```
 */
export function fileStore(options: FileStoreOptions): FileStore {
  const { directory, durability = 'none' } = storeOptions('file', options, { directory: true, durability: true })
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0')) {
    throw new StoreConfigError('file', `directory must be the path of a directory, not ${JSON.stringify(directory)}`)
  }
  if (durability !== 'none' && durability !== 'fsync') {
    throw new StoreConfigError('file', `durability must be 'none' or 'fsync', not ${JSON.stringify(durability)}`)
  }
  return new OnDisk(resolve(directory), durability === 'fsync')
}
