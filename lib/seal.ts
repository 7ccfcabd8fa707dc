import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Problem } from '../types/session.js'
import * as aead from './aead.js'
import { KEY_ID_BYTES, type KeyRing, type RingKey, subkey } from './keys.js'

/**
 * A sealed value begins with a header: one byte that tells the format, and the id of the key.
 *
 * - encrypted: base64url(header, nonce, ciphertext, tag)
 * - signed: base64url(text) "." base64url(header, HMAC-SHA256 of header and text)
 */
const ENCRYPTED = 1
const SIGNED = 2
const HEADER_BYTES = 1 + KEY_ID_BYTES

/** Base64 characters that hold the header, and one byte more. */
const HEADER_CHARS = 8

export type SealMode = 'encrypt' | 'sign'

export type Opened =
  /** `stale`: sealed with an older key or in another mode; to be sealed anew. */
  { readonly text: string; readonly stale: boolean } | { readonly text?: undefined; readonly problem: Problem }

interface Subkeys {
  readonly encryptHeader: Buffer
  readonly encryptKey: number
  readonly signHeader: Buffer
  readonly signKey: Buffer
}

/** Seals and opens the values of one purpose; a value of another purpose does not open. */
export class Sealer {
  readonly #ring: KeyRing
  readonly #purpose: string
  readonly #mode: SealMode
  #generation = -1
  #subkeys: readonly Subkeys[] = []

  constructor(ring: KeyRing, purpose: string, mode: SealMode) {
    this.#ring = ring
    this.#purpose = purpose
    this.#mode = mode
  }

  /** `context` is authenticated, but not part of the value: `open` has to be given the same. */
  seal(text: string, context?: string): string {
    const current = this.#keys()[0] as Subkeys
    if (this.#mode === 'encrypt') return aead.seal(current.encryptKey, current.encryptHeader, text, context)
    const body = Buffer.from(text).toString('base64url')
    const tag = Buffer.concat([current.signHeader, mac(current, text, context)]).toString('base64url')
    return `${body}.${tag}`
  }

  open(value: string, context?: string): Opened {
    const dot = value.indexOf('.')
    const sealed = dot === -1 ? value : value.slice(dot + 1)
    if (!isCanonical(sealed) || (dot !== -1 && !isCanonical(value.slice(0, dot)))) return { problem: 'malformed' }

    const header = Buffer.from(sealed.slice(0, HEADER_CHARS), 'base64url')
    if (header.length <= HEADER_BYTES || header[0] !== (dot === -1 ? ENCRYPTED : SIGNED))
      return { problem: 'malformed' }
    const keys = this.#keys()
    const key = keys.find((candidate) => sameKeyId(candidate.encryptHeader, header))
    if (key === undefined) return { problem: 'unknown-key' }

    const text =
      dot === -1
        ? aead.open(key.encryptKey, key.encryptHeader, value, context)
        : openSigned(key, value.slice(0, dot), sealed, context)
    if (text === undefined) return { problem: 'bad-seal' }
    return { text, stale: key !== keys[0] || (dot === -1) !== (this.#mode === 'encrypt') }
  }

  #keys(): readonly Subkeys[] {
    if (this.#generation !== this.#ring.generation) {
      for (const old of this.#subkeys) aead.forget(old.encryptKey)
      this.#subkeys = this.#ring.keys.map((key) => derive(key, this.#purpose))
      this.#generation = this.#ring.generation
    }
    return this.#subkeys
  }
}

function derive(key: RingKey, purpose: string): Subkeys {
  return {
    encryptHeader: Buffer.of(ENCRYPTED, ...key.id),
    encryptKey: aead.remember(subkey(key.secret, `encrypt ${purpose}`)),
    signHeader: Buffer.of(SIGNED, ...key.id),
    signKey: subkey(key.secret, `sign ${purpose}`)
  }
}

function openSigned(key: Subkeys, body: string, tag: string, context: string | undefined): string | undefined {
  const text = Buffer.from(body, 'base64url').toString()
  const given = Buffer.from(tag, 'base64url').subarray(HEADER_BYTES)
  const expected = mac(key, text, context)
  return given.length === expected.length && timingSafeEqual(given, expected) ? text : undefined
}

/** Lengths first, so that no text and context can pass for another pair. */
function mac(key: Subkeys, text: string, context = ''): Buffer {
  return createHmac('sha256', key.signKey)
    .update(key.signHeader)
    .update(`${Buffer.byteLength(context)}.${context}`)
    .update(text)
    .digest()
}

function sameKeyId(header: Buffer, other: Buffer): boolean {
  return header[1] === other[1] && header[2] === other[2] && header[3] === other[3] && header[4] === other[4]
}

/**
 * Node's decoder is lenient: it skips what is not base64, takes `+` for `-` and ignores loose bits at the end. Only the
 * one text that the encoder would have written is let in, so that a changed value is always refused.
 */
function isCanonical(text: string): boolean {
  if (text === '' || !/^[\w-]+$/.test(text)) return false
  const loose = text.length % 4
  if (loose === 0) return true
  const last = ALPHABET.indexOf(text.at(-1) as string)
  return loose !== 1 && last % (loose === 2 ? 16 : 4) === 0
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
