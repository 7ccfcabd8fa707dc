import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { StoreConfigError } from '../../errors.js'
import { endOf, hasCode, secondsOf, statOf, tidy, timesOf } from './disk.js'
import { workPath } from './layout.js'

/**
 * Creates the directory, closed to other users, and checks that it can be trusted and that its file system has hard
 * links and exact times.
 * @throws StoreConfigError when it can't be trusted or lacks something; the system's error when it can't be written to
 */
export function prepareDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  requireOwn(directory)
  probe(directory)
}

/** @throws Error when there is no directory: then no record may be reported as absent */
export function requireDirectory(directory: string): void {
  if (statOf(directory)?.isDirectory()) return
  throw new Error(
    `file store: there is no directory ${directory}: call setup() before the first record, and see whether it was removed or unmounted`
  )
}

/**
 * Whether a shard exists.
 * @throws Error when something else is in its place: a symbolic link planted there could send records elsewhere
 */
export function shardExists(shard: string): boolean {
  return [shard, workPath(shard)].every(directoryExists)
}

export function makeShard(shard: string): void {
  for (const path of [shard, workPath(shard)]) makeDirectory(path)
}

/** Blocks until the directories are on disk, which happens at most 256 times in the life of a store's directory. */
export function makeShardDurably(shard: string): void {
  makeShard(shard)
  for (const path of [shard, dirname(shard)]) syncDirectory(path)
}

function directoryExists(path: string): boolean {
  const stats = statOf(path)
  if (stats === undefined || stats.isDirectory()) return stats !== undefined
  throw new Error(
    `file store: ${path} should be a directory and is not: find out who put it there, remove it, and close the directory to others`
  )
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (cause) {
    if (!hasCode(cause, 'EEXIST')) throw cause
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

/**
 * Refuses a directory that another user could read or change.
 * @throws StoreConfigError
 */
function requireOwn(directory: string): void {
  const stats = statOf(directory)
  if (!stats?.isDirectory()) {
    throw new StoreConfigError(
      'file',
      `${directory} is not a directory of its own: give the path that the link leads to`
    )
  }
  const user = process.geteuid?.()
  if (user !== undefined && stats.uid !== user) {
    throw new StoreConfigError(
      'file',
      `${directory} belongs to user ${stats.uid}, who could read and change all sessions: chown it to user ${user}, or choose another`
    )
  }
  if (user !== undefined && stats.mode & 0o002) {
    throw new StoreConfigError('file', `${directory} is writable for everyone: chmod it to 700, or choose another`)
  }
}

function probe(directory: string): void {
  const path = `${directory}/${randomBytes(8).toString('hex')}.probe`
  try {
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 })
    requireTimes(path)
    requireLinks(path)
  } finally {
    tidy(`${path}.link`)
    tidy(path)
  }
}

/**
 * The end of a record is kept as the modification time of its file, so the file system must keep milliseconds.
 * @throws StoreConfigError when it does not
 */
function requireTimes(path: string): void {
  const expires = Math.floor(Date.now() / 1000) * 1000 + 3_600_123
  utimesSync(path, ...secondsOf(timesOf(expires)))
  const stats = statOf(path)
  if (stats && endOf(stats) === expires) return
  throw new StoreConfigError(
    'file',
    `the file system of ${path} rounds the times of files: choose a directory on another`
  )
}

/** @throws StoreConfigError when the file system has no hard links */
function requireLinks(path: string): void {
  try {
    linkSync(path, `${path}.link`)
  } catch (cause) {
    if (!unsupported.some((code) => hasCode(cause, code))) throw cause
    throw new StoreConfigError('file', `the file system of ${path} has no hard links: choose a directory on another`)
  }
}

const unsupported = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']
