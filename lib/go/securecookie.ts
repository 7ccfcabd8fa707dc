import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import { ConfigError } from '../errors.js'

/** A hash key with its block key. */
export interface KeyPair {
  readonly hash: Uint8Array
  /** The encryption key, of 16, 24 or 32 bytes. `undefined`: values are signed and not encrypted. */
  readonly block: Uint8Array | undefined
}

export interface OpenedValue {
  /** The bytes that the serializer made. */
  readonly content: Buffer
  /** When the value was sealed, in seconds since the epoch. */
  readonly madeAt: number
  /** Identifies the value uniquely; `undefined` if nothing in it is random. */
  readonly identity: string | undefined
  /** The pair that sealed it. */
  readonly pair: KeyPair
}

/**
 * The inputs of sealing: the time, in seconds since the epoch, and 16 random bytes, which are used if the value is
 * encrypted.
 */
export interface Making {
  readonly madeAt: number
  readonly iv: Uint8Array
}

/**
 * Opens a value of gorilla/securecookie: base64 of `seconds|base64 of the content|mac`, where the MAC covers the
 * cookie's name and everything before it. The result is empty if no pair sealed the value. It has several elements if
 * pairs share a hash key, because then only the content shows which of them sealed it.
 */
export function openSecureCookie(name: string, value: string, pairs: readonly KeyPair[]): readonly OpenedValue[] {
  const bytes = Buffer.from(value, 'base64url')
  const first = bytes.indexOf(PIPE)
  const second = first === -1 ? -1 : bytes.indexOf(PIPE, first + 1)
  if (second === -1) return []
  const [body, mac] = [bytes.subarray(0, second), bytes.subarray(second + 1)]
  const seconds = bytes.subarray(0, first).toString('latin1')
  if (!/^[+-]?\d{1,15}$/.test(seconds)) return []
  const sealed = Buffer.from(body.subarray(first + 1).toString('latin1'), 'base64url')
  return pairs
    .filter(({ hash }) => isAuthentic(name, body, mac, hash))
    .flatMap((pair) => {
      const content = decrypt(sealed, pair.block)
      const identity = pair.block === undefined ? undefined : mac.toString('base64url')
      return content === undefined ? [] : [{ content, madeAt: Number(seconds), identity, pair }]
    })
}

/** Seals content exactly as securecookie does, given the same time and the same random bytes. */
export function sealSecureCookie(
  name: string,
  content: Uint8Array,
  { hash, block }: KeyPair,
  { madeAt, iv }: Making
): string {
  const body = Buffer.from(`${madeAt}|${base64(block === undefined ? content : encrypt(content, block, iv))}`)
  return base64(Buffer.concat([body, Buffer.of(PIPE), macOf(name, body, hash)]))
}

/**
 * Parses keys in the order of `CodecsFromPairs`: a hash key, a block key, the next hash key, and so on.
 * @param at What the keys were passed to, for the error.
 * @throws FST_SESSIONS_CONFIG when there is none, or one has a length that is not allowed
 */
export function pairsOf(at: string, keys: unknown): readonly KeyPair[] {
  const list = Array.isArray(keys) ? keys.map((key) => (typeof key === 'string' ? Buffer.from(key) : key)) : []
  const pairs: KeyPair[] = []
  for (let index = 0; index < list.length; index += 2) {
    pairs.push({ hash: hashKey(at, list[index]), block: blockKey(at, list[index + 1]) })
  }
  if (pairs.length > 0) return pairs
  throw new ConfigError(`${at}: pairs: expected an array of keys, a hash key first`)
}

/** @throws ConfigError when it is empty */
function hashKey(at: string, key: unknown): Uint8Array {
  if (key instanceof Uint8Array && key.length > 0) return key
  throw new ConfigError(`${at}: pairs: a hash key is text or bytes, and not empty`)
}

/**
 * Checks a block key. Like `nil` in Go, `undefined` and `null` mean none.
 * @throws ConfigError when it has another length
 */
function blockKey(at: string, key: unknown): Uint8Array | undefined {
  if (key === undefined || key === null) return undefined
  if (key instanceof Uint8Array && [16, 24, 32].includes(key.length)) return key
  throw new ConfigError(`${at}: pairs: a block key has 16, 24 or 32 bytes`)
}

const PIPE = 124
export const IV_BYTES = 16

function isAuthentic(name: string, body: Uint8Array, mac: Uint8Array, key: Uint8Array): boolean {
  const expected = macOf(name, body, key)
  return expected.length === mac.length && timingSafeEqual(expected, mac)
}

function macOf(name: string, body: Uint8Array, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${name}|`).update(body).digest()
}

/** Decrypts by AES in counter mode; the first 16 bytes are the initial counter. */
function decrypt(bytes: Buffer, key: Uint8Array | undefined): Buffer | undefined {
  if (key === undefined) return bytes
  if (bytes.length <= IV_BYTES) return undefined
  return createDecipheriv(aes(key), key, bytes.subarray(0, IV_BYTES)).update(bytes.subarray(IV_BYTES))
}

function encrypt(content: Uint8Array, key: Uint8Array, iv: Uint8Array): Buffer {
  return Buffer.concat([iv, createCipheriv(aes(key), key, iv).update(content)])
}

function aes(key: Uint8Array): string {
  return `aes-${8 * key.length}-ctr`
}

/** Base64 with the URL alphabet, padded. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}
