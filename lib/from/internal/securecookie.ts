import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'

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
}

/**
 * A value of gorilla/securecookie: base64 of `seconds|base64 of the content|mac`, the mac over the cookie's name and what
 * stands before it. `undefined` if no pair made it.
 */
export function openSecureCookie(name: string, value: string, pairs: readonly KeyPair[]): OpenedValue | undefined {
  const bytes = Buffer.from(value, 'base64url')
  const first = bytes.indexOf(PIPE)
  const second = first === -1 ? -1 : bytes.indexOf(PIPE, first + 1)
  if (second === -1) return undefined
  const [body, mac] = [bytes.subarray(0, second), bytes.subarray(second + 1)]
  const pair = pairs.find(({ hash }) => isAuthentic(name, body, mac, hash))
  const seconds = bytes.subarray(0, first).toString('latin1')
  if (pair === undefined || !/^[+-]?\d{1,15}$/.test(seconds)) return undefined
  const content = decrypt(Buffer.from(body.subarray(first + 1).toString('latin1'), 'base64url'), pair.block)
  const identity = pair.block === undefined ? undefined : mac.toString('base64url')
  return content && { content, madeAt: Number(seconds), identity }
}

const PIPE = 124
const IV_BYTES = 16

function isAuthentic(name: string, body: Uint8Array, mac: Uint8Array, key: Uint8Array): boolean {
  const expected = createHmac('sha256', key).update(`${name}|`).update(body).digest()
  return expected.length === mac.length && timingSafeEqual(expected, mac)
}

/** AES in counter mode, of which the first 16 bytes are the counter. */
function decrypt(bytes: Buffer, key: Uint8Array | undefined): Buffer | undefined {
  if (key === undefined) return bytes
  if (bytes.length <= IV_BYTES) return undefined
  return createDecipheriv(`aes-${8 * key.length}-ctr`, key, bytes.subarray(0, IV_BYTES)).update(
    bytes.subarray(IV_BYTES)
  )
}
