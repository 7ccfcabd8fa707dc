import type { Sodium } from 'libsodium'
import { RandomPieces } from '../util/random.js'
import { makeSodium } from './sodium.js'
import { openLarge, sealLarge } from './xchacha.js'

/**
 * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) by libsodium's WebAssembly. The calls work directly on its heap:
 * base64url is decoded straight into the heap and encoded straight out of it, so that nothing is copied and no object
 * is made per call. For a small cookie this is several times as fast as AES-GCM of node:crypto.
 */

export const NONCE_BYTES = 24
export const TAG_BYTES = 16
const KEY_BYTES = 32

/**
 * The size of the working memory: room for the largest record that fits in four cookies. Larger texts are sealed by
 * node:crypto.
 */
const SCRATCH_BYTES = 64 * 1024

const nonces = new RandomPieces(NONCE_BYTES)

let sodium: Sodium
let heap: Buffer
let scratch: number

/** Compiles the WebAssembly, once, which takes some 10 to 40 ms. Await it before calling anything else here. */
export function ready(): Promise<void> {
  compiling ??= compile()
  return compiling
}

/** There is one instance in the process, because the keys are on its heap. */
let compiling: Promise<void> | undefined

async function compile(): Promise<void> {
  sodium = await makeSodium()
  scratch = allocate(SCRATCH_BYTES)
}

/**
 * Moves a key to the heap, and wipes the caller's copy. The result identifies the key in `seal` and `open` until
 * `forget`.
 */
export function remember(key: Uint8Array): number {
  const pointer = allocate(KEY_BYTES)
  sodium.HEAPU8.set(key, pointer)
  key.fill(0)
  return pointer
}

export function forget(key: number): void {
  sodium.HEAPU8.fill(0, key, key + KEY_BYTES)
  sodium._free(key)
}

/**
 * Returns base64url of header, nonce, ciphertext and tag. The header and `context` are authenticated; `context` is not
 * part of the result.
 */
export function seal(key: number, header: Uint8Array, text: string, context = ''): string {
  const message = header.length + NONCE_BYTES
  if (!hasRoom(message + 3 * text.length + TAG_BYTES + header.length + 3 * context.length)) {
    return sealLarge(keyAt(key), header, text, context).toString('base64url')
  }
  const nonce = scratch + header.length
  heap.set(header, scratch)
  nonces.writeNext(heap, nonce)
  const length = heap.write(text, scratch + message)
  const ad = scratch + message + length + TAG_BYTES
  const adLength = writeAd(ad, header, context)
  sodium._crypto_aead_xchacha20poly1305_ietf_encrypt(
    scratch + message,
    0,
    scratch + message,
    length,
    0,
    ad,
    adLength,
    0,
    0,
    nonce,
    key
  )
  return heap.toString('base64url', scratch, ad)
}

/** Returns the text that `seal` was given, or `undefined` if a single bit of value, header, context or key differs. */
export function open(key: number, header: Uint8Array, value: string, context = ''): string | undefined {
  // Node's decoder treats a character above U+00FF as the one that its low byte is.
  if (Buffer.byteLength(value) !== value.length) return undefined
  const isLarge = !hasRoom(value.length + header.length + 3 * context.length)
  const large = isLarge ? Buffer.from(value, 'base64url') : undefined
  const length = large?.length ?? heap.write(value, scratch, 'base64url')
  if (!isCanonical(value, length)) return undefined
  if (large !== undefined) return openLarge(keyAt(key), header, large, context)
  const message = header.length + NONCE_BYTES
  const sealed = length - message
  if (sealed < TAG_BYTES) return undefined
  const ad = scratch + length
  const adLength = writeAd(ad, header, context)
  const failed = sodium._crypto_aead_xchacha20poly1305_ietf_decrypt(
    scratch + message,
    0,
    0,
    scratch + message,
    sealed,
    0,
    ad,
    adLength,
    0,
    scratch + header.length,
    key
  )
  if (failed !== 0) return undefined
  const text = heap.toString('utf8', scratch + message, scratch + length - TAG_BYTES)
  heap.fill(0, scratch + message, scratch + length)
  return text
}

/**
 * Node's decoder is lenient: it skips characters that are not base64, takes `+` for `-`, and ignores surplus bits at
 * the end. Only the text that the encoder would have written is accepted, so that a changed value is always refused.
 * Encoding again and comparing would cost as much as everything else.
 */
function isCanonical(text: string, decodedBytes: number): boolean {
  if (decodedBytes !== Math.floor((text.length * 3) / 4) || text.includes('+') || text.includes('/')) return false
  const loose = text.length % 4
  return loose === 0 || (loose !== 1 && ALPHABET.indexOf(text.at(-1) as string) % (loose === 2 ? 16 : 4) === 0)
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

function writeAd(at: number, header: Uint8Array, context: string): number {
  heap.set(header, at)
  return context === '' ? header.length : header.length + heap.write(context, at + header.length)
}

function hasRoom(bytes: number): boolean {
  return bytes <= SCRATCH_BYTES
}

function keyAt(pointer: number): Uint8Array {
  return heap.subarray(pointer, pointer + KEY_BYTES)
}

/** Allocates memory on the heap. WebAssembly's memory moves when it grows, so the view over it is then made anew. */
function allocate(bytes: number): number {
  const pointer = sodium._malloc(bytes)
  if (heap?.buffer !== sodium.HEAPU8.buffer) heap = Buffer.from(sodium.HEAPU8.buffer)
  return pointer
}
