import { NONCE_BYTES, TAG_BYTES } from '../seal/aead.js'
import { KEY_ID_BYTES } from '../seal/keys.js'

/** One part of what a cookie carries. */
export interface CookiePart {
  readonly name: string
  readonly bytes: number
  /** In hex, or the beginning of it. */
  readonly hex: string
  readonly meaning: string
}

const FORMATS: Readonly<Record<number, string>> = { 1: 'encrypted', 2: 'signed' }

/** How much of a ciphertext or tag is shown: enough to tell two apart, and too little to make the cookie from it. */
const GLIMPSE = 8

/**
 * A cookie's value taken apart. Never all of it: whoever could read it in a page would have what `HttpOnly` keeps from
 * scripts. `undefined`: it is no value of this plugin.
 */
export function anatomyOf(value: string): readonly CookiePart[] | undefined {
  const dot = value.indexOf('.')
  const bytes = Buffer.from(value.slice(dot + 1), 'base64url')
  const format = FORMATS[bytes[0] ?? 0]
  if (format === undefined || bytes.length <= 1 + KEY_ID_BYTES) return undefined
  if ((format === 'signed') === (dot === -1)) return undefined
  const header = [
    part('Format', bytes.subarray(0, 1), `${format}, the version of the format`),
    part(
      'Key id',
      bytes.subarray(1, 1 + KEY_ID_BYTES),
      'names the key that sealed it; derived from it, and tells nothing of it'
    )
  ]
  const rest = bytes.subarray(1 + KEY_ID_BYTES)
  return [...header, ...(dot === -1 ? encrypted(rest) : signed(rest, value.slice(0, dot)))]
}

function encrypted(rest: Buffer): readonly CookiePart[] {
  const end = Math.max(NONCE_BYTES, rest.length - TAG_BYTES)
  return [
    part(
      'Nonce',
      rest.subarray(0, NONCE_BYTES),
      'random, anew with each cookie: the same content never looks the same'
    ),
    glimpse('Ciphertext', rest.subarray(NONCE_BYTES, end), 'what it carries, encrypted by XChaCha20'),
    glimpse('Tag', rest.subarray(end), 'Poly1305 over all before it: a single changed bit, and it does not open')
  ]
}

function signed(tag: Buffer, body: string): readonly CookiePart[] {
  return [
    {
      name: 'Text',
      bytes: Buffer.from(body, 'base64url').length,
      hex: '',
      meaning: 'what it carries, for everybody to read'
    },
    glimpse('Tag', tag, 'HMAC-SHA256 over header and text')
  ]
}

function part(name: string, bytes: Buffer, meaning: string): CookiePart {
  return { name, bytes: bytes.length, hex: bytes.toString('hex'), meaning }
}

function glimpse(name: string, bytes: Buffer, meaning: string): CookiePart {
  const hex = bytes.subarray(0, Math.min(GLIMPSE, bytes.length >> 1)).toString('hex')
  return { name, bytes: bytes.length, hex: `${hex}…`, meaning }
}
