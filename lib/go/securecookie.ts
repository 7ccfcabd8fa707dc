import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import { ConfigError } from '../errors.js'

/** A hash key, and what it goes with. */
export interface KeyPair {
  readonly hash: Uint8Array
  /** Of 16, 24 or 32 bytes; `undefined`: what it signs is not encrypted. */
  readonly block: Uint8Array | undefined
}

export interface OpenedValue {
  /** What the serializer made. */
  readonly content: Buffer
  /** When it was made, in seconds since the epoch. */
  readonly madeAt: number
  /** Which no other value has; `undefined` where nothing in it is random. */
  readonly identity: string | undefined
  /** Which of the pairs made it. */
  readonly pair: KeyPair
}

/** How a value is made: when, in seconds since the epoch, and of which 16 random bytes, where it is encrypted. */
export interface Making {
  readonly madeAt: number
  readonly iv: Uint8Array
}

/**
 * A value of gorilla/securecookie: base64 of `seconds|base64 of the content|mac`, the mac over the cookie's name and what
 * stands before it. None if no pair made it; several if pairs have one hash key, since only the content then shows which
 * of them it was.
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

/** The same value that securecookie makes of the same content, at the same time and with the same random bytes. */
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
 * Keys as `CodecsFromPairs` takes them: a hash key, a block key, the next hash key, and so on.
 * @param at what they are given to, for the error
 * @throws FST_SESSIONS_CONFIG
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

function hashKey(at: string, key: unknown): Uint8Array {
  if (key instanceof Uint8Array && key.length > 0) return key
  throw new ConfigError(`${at}: pairs: a hash key is text or bytes, and not empty`)
}

/** Go takes `nil` for none. */
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

/** AES in counter mode, of which the first 16 bytes are the counter. */
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

/** The URL alphabet, padded. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}
