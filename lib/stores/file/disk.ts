import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  type Stats,
  unlinkSync
} from 'node:fs'
import { open } from 'node:fs/promises'
import { decodeHead, decodeText, type Head, headLength, scratch } from './format.js'

/** What was found where a record should be. */
export interface State extends Head {
  /** Whether it is a record whose end had not come when it was looked at. */
  readonly live: boolean
  /** Milliseconds since the epoch. */
  readonly expires: number
  /** Bytes on disk. */
  readonly size: number
}

export interface WholeState extends State {
  /** `undefined`: damaged, or no record. */
  readonly text: string | undefined
}

/**
 * Files up to this size, in bytes, are used again for other records (see temps.ts), no earlier than `reuseAfter` ms
 * after they were replaced. So whoever has read one within `readWithin` ms of opening it has read what it held then.
 */
export const reusedSize = 16_384
export const readWithin = 50
export const reuseAfter = 100

/**
 * Flags for opening what others may have put there. A symbolic link is refused, and a pipe does not keep the process
 * waiting.
 */
export const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>

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
  if (state.kind !== 'record') return { ...state, text: undefined }
  const text = decodeText(loaded.bytes, loaded.stats.size, id)
  return text === undefined ? { ...state, kind: 'damaged', live: false, text } : { ...state, text }
}

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

interface Loaded {
  readonly bytes: Buffer
  readonly stats: Stats
  /** When reading began. */
  readonly now: number
}

/** Reads again when it took so long that the file may have been used for something else in the meantime. */
function load(path: string, atMost: number): Loaded | undefined {
  for (let tries = 0; tries < 20; tries++) {
    const start = performance.now()
    const loaded = loadOnce(path, atMost)
    if (loaded === undefined || loaded.stats.size > reusedSize) return loaded
    if (performance.now() - start < readWithin) return loaded
  }
  throw new Error(
    `file store: reading ${path} took more than ${readWithin} ms, many times in a row: the disk is too slow`
  )
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
  const expires = endOf(stats)
  return { kind, version, expires, size: stats.size, live: kind === 'record' && expires > now }
}
