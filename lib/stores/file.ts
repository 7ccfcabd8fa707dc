import { resolve } from 'node:path'
import { StoreConfigError } from '../errors.js'
import { type FileStore, OnDisk } from './file/on-disk.js'
import { storeOptions } from './internal/options.js'

export type { FileStore, FileSweepOptions, SweepProgress } from './file/on-disk.js'

export interface FileStoreOptions {
  /**
   * The directory of the records. A relative path is resolved against the working directory. `setup` creates it if
   * necessary.
   */
  readonly directory: string
  /**
   * What a write waits for. `'none'`, the default: until the operating system has the data. The process may then be
   * killed at any moment, but after a power failure records that were written in the last minute may be lost.
   * `'fsync'`: until the data is on the disk.
   */
  readonly durability?: 'none' | 'fsync'
}

/**
 * Keeps each record in a file of its own, in a directory that several processes on one machine may share. No process
 * overwrites another's change. A process that is killed, at whatever instant, leaves either the old record or the new
 * one.
 *
 * Files are read and written synchronously. For a file of a few hundred bytes in the system's cache that takes a few
 * microseconds, and far less processor time than the thread pool (`bench/parts/file.js` measures it). When the disk is
 * slow, though, all requests of the process wait for it. `fsync` and the walks of `sweep` and `clear` leave the event
 * loop free.
 *
 * - Local file systems only, with hard links and times in milliseconds: ext4, XFS, Btrfs, ZFS, tmpfs, APFS. Nothing is
 *   promised on NFS and other network file systems, nor on Windows, where a file that is open for reading can't be
 *   replaced.
 * - `touch` sets a file's modification time. A program that backs up or restores the directory must preserve it.
 * - A removed or replaced record is gone for readers at once. Its bytes leave the disk at the next `sweep`.
 * - The directory is closed to other users (mode 0700, files 0600). Texts are written unencrypted.
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
