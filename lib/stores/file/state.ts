import { closeSync, constants, fstatSync, openSync, read, readSync, type Stats } from 'node:fs'
import { promisify } from 'node:util'
import { hasCode, isSameStamp, O_NOFOLLOW, O_NONBLOCK, type Stamp, stampOf, statOf } from './disk.js'
import { decodeHead, decodeText, type Head, headLength, scratch } from './format.js'

/** What was found where a record should be. */
export interface State extends Head {
  /** Whether it is a record whose end had not come when it was looked at. */
  readonly live: boolean
  readonly stamp: Stamp
}

export interface WholeState extends State {
  /** `undefined`: damaged, or no record. */
  readonly text: string | undefined
}

/**
 * Files up to this size, in bytes, are used again for other records (see temps.ts), no earlier than `reuseAfter` ms
 * after they were replaced. So whoever has read one within `readWithin` ms of opening it has read what it held then.
 * Who took longer looks whether it is still in its place.
 */
export const reusedSize = 16_384
export const readWithin = 5
export const reuseAfter = 10

/** What is at a path, without its text; `undefined` if there is nothing. */
export function readHead(path: string): State | undefined {
  const loaded = load(path, headLength)
  return loaded && stateOf(loaded)
}

/** What is at a path, with its text; `undefined` if there is nothing. */
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

/** Brings what `readHead` reads into the system's cache, so that it does not keep the event loop waiting for the disk. */
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
  /** When reading began. */
  readonly now: number
}

/** Reads again when the file may have been used for something else in the meantime. */
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

/** Whether a file was the one at `path` all the time since it had these times, which each writer gives it anew. */
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
