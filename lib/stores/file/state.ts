import { closeSync, constants, fstatSync, openSync, read, readSync, type Stats } from 'node:fs'
import { promisify } from 'node:util'
import { hasCode, isSameStamp, O_NOFOLLOW, O_NONBLOCK, type Stamp, stampOf, statOf } from './disk.js'
import { decodeHead, decodeText, type Head, headLength, scratch } from './format.js'

/** What was found at the path of a record. */
export interface State extends Head {
  /** Whether it is a record that had not expired when it was read. */
  readonly live: boolean
  readonly stamp: Stamp
}

export interface WholeState extends State {
  /** `undefined`: the file is damaged, or is no record. */
  readonly text: string | undefined
}

/**
 * Files up to this size, in bytes, are reused for other records (see temps.ts), no earlier than `reuseAfter` ms after
 * they were replaced. So a reader that finishes within `readWithin` ms of opening the file has read its original
 * contents. A slower reader checks whether the file is still in its place, and reads again if it is not.
 */
export const reusedSize = 16_384
export const readWithin = 5
export const reuseAfter = 10

/** Reads the header of the file at a path; `undefined` if there is none. */
export function readHead(path: string): State | undefined {
  const loaded = load(path, headLength)
  return loaded && stateOf(loaded)
}

/** Reads the file at a path with its text; `undefined` if there is none. */
export function readWhole(path: string, id: string): WholeState | undefined {
  const loaded = load(path, Infinity)
  if (loaded === undefined) return undefined
  const state = stateOf(loaded)
  const { kind, version, live, stamp } = state
  if (kind !== 'record') return { kind, version, live, stamp, text: undefined }
  const text = decodeText(loaded.bytes, loaded.stats.size, id)
  if (text === undefined) return { kind: 'damaged', version, live: false, stamp, text }
  return { kind, version, live, stamp, text }
}

/**
 * Loads the bytes that `readHead` reads into the system's cache, so that `readHead` does not block the event loop on
 * the disk.
 */
export async function prefetch(path: string): Promise<void> {
  const file = openToRead(path)
  if (file === undefined) return
  try {
    await readStartAsync(file, Buffer.alloc(1), 0, 1, 0)
  } finally {
    closeSync(file)
  }
}

const readStartAsync = promisify(read)

interface Loaded {
  readonly bytes: Buffer
  readonly stats: Stats
  /** When reading began, in milliseconds since the epoch. */
  readonly now: number
}

/**
 * Reads a file, and reads it again when it may have been reused for another record in the meantime.
 *
 * @throws Error when that happens twenty times in a row
 */
function load(path: string, atMost: number): Loaded | undefined {
  for (let tries = 0; tries < 20; tries++) {
    const start = performance.now()
    const loaded = loadOnce(path, atMost)
    if (loaded === undefined || loaded.stats.size > reusedSize) return loaded
    if (performance.now() - start < readWithin || isInPlace(path, loaded.stats)) return loaded
  }
  throw new Error(
    `file store: ${path} was replaced each of the 20 times that it was read: the disk is too slow for its writers`
  )
}

/** Whether the file at `path` still has the stamp that it had before reading. Every writer gives a file a new stamp. */
function isInPlace(path: string, before: Stats): boolean {
  const now = statOf(path)
  return now !== undefined && isSameStamp(stampOf(before), stampOf(now))
}

function loadOnce(path: string, atMost: number): Loaded | undefined {
  const now = Date.now()
  const file = openToRead(path)
  if (file === undefined) return undefined
  try {
    const stats = fstatSync(file)
    return { bytes: readStart(file, Math.min(stats.size, atMost)), stats, now }
  } finally {
    closeSync(file)
  }
}

function openToRead(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined
    throw cause
  }
}

function readStart(file: number, length: number): Buffer {
  const bytes = length <= scratch.length ? scratch : Buffer.allocUnsafe(length)
  for (let at = 0; at < length; ) {
    const got = readSync(file, bytes, at, length - at, at)
    if (got === 0) break
    at += got
  }
  return bytes
}

function stateOf({ bytes, stats, now }: Loaded): State {
  const { kind, version } = decodeHead(bytes, stats.size)
  const stamp = stampOf(stats)
  return { kind, version, live: kind === 'record' && stamp.end > now, stamp }
}
