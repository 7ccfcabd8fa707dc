import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Problem } from '../../types/session.js'
import * as aead from './aead.js'
import { idAsText, KEY_ID_BYTES, type KeyRing, type RingKey } from './keys.js'

/**
 * A sealed value begins with a header: one byte for the format, and the id of the key.
 *
 * - encrypted: base64url(header, nonce, ciphertext, tag)
 * - signed: base64url(text) "." base64url(header, HMAC-SHA256 of header and text)
 */
const ENCRYPTED = 1
const SIGNED = 2
const HEADER_BYTES = 1 + KEY_ID_BYTES
/** The length of the header in base64url. It is exact, because the number of its bytes is a multiple of three. */
const HEADER_LENGTH = (HEADER_BYTES / 3) * 4

export type SealMode = 'encrypt' | 'sign'

export type Opened =
  /** `stale`: the value was sealed with an older key or in another mode, and should be sealed anew. */
  { readonly text: string; readonly stale: boolean } | { readonly text?: undefined; readonly problem: Problem }

interface Subkeys {
  readonly encryptHeader: Buffer
  /** The prefix of every value that was encrypted with this key: the header in base64url. */
  readonly encryptPrefix: string
  readonly encryptKey: number
  readonly signHeader: Buffer
  readonly signPrefix: string
  readonly signKey: Buffer
}

/**
 * Returns the id, in hex, of the key that a sealed value names; `undefined` if it names none. The id reveals nothing
 * about the key.
 */
export function keyIdIn(value: string): string | undefined {
  const dot = value.indexOf('.')
  const start = value.slice(dot + 1, dot + 1 + HEADER_LENGTH)
  const isNamed = isSealed(start, dot === -1 ? ENCRYPTED : SIGNED) && start.length === HEADER_LENGTH
  return isNamed ? idAsText(Buffer.from(start, 'base64url').subarray(1)) : undefined
}

/** Whether a value that names a key is encrypted; otherwise it is only signed. */
export function isEncrypted(value: string): boolean {
  return !value.includes('.')
}

/** Seals and opens the values of one purpose. A value of another purpose does not open. */
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

  /**
   * Seals a text with the first key. `context`, for encrypted values only, is authenticated but not part of the value:
   * `open` must be given the same.
   *
   * @throws Error when the app is closed
   */
  seal(text: string, context?: string): string {
    const [current] = this.#keys()
    if (current === undefined) throw new Error('nothing can be sealed any more: the app is closed')
    if (this.#mode === 'encrypt') return aead.seal(current.encryptKey, current.encryptHeader, text, context)
    const body = Buffer.from(text).toString('base64url')
    const tag = Buffer.concat([current.signHeader, mac(current, text)]).toString('base64url')
    return `${body}.${tag}`
  }

  open(value: string, context?: string): Opened {
    const dot = value.indexOf('.')
    const keys = this.#keys()
    for (const key of keys) {
      const isFirst = key === keys[0]
      if (dot === -1 && value.startsWith(key.encryptPrefix)) {
        const text = aead.open(key.encryptKey, key.encryptHeader, value, context)
        return opened(text, !isFirst || this.#mode !== 'encrypt')
      }
      if (dot !== -1 && context === undefined && value.startsWith(key.signPrefix, dot + 1)) {
        const text = openSigned(key, value.slice(0, dot), value.slice(dot + 1))
        return opened(text, !isFirst || this.#mode !== 'sign')
      }
    }
    return { problem: isSealed(value.slice(dot + 1), dot === -1 ? ENCRYPTED : SIGNED) ? 'unknown-key' : 'malformed' }
  }

  /** Wipes the keys. They are derived again if they are needed once more. */
  close(): void {
    for (const { encryptKey, signKey } of this.#subkeys) {
      aead.forget(encryptKey)
      signKey.fill(0)
    }
    this.#subkeys = []
    this.#generation = -1
  }

  #keys(): readonly Subkeys[] {
    if (this.#generation !== this.#ring.generation) {
      this.close()
      this.#subkeys = this.#ring.keys.map((key) => derive(this.#ring, key, this.#purpose))
      this.#generation = this.#ring.generation
    }
    return this.#subkeys
  }
}

function opened(text: string | undefined, stale: boolean): Opened {
  return text === undefined ? { problem: 'bad-seal' } : { text, stale }
}

function derive(ring: KeyRing, key: RingKey, purpose: string): Subkeys {
  const encryptKey = ring.subkey(key, `encrypt ${purpose}`)
  const encryptHeader = Buffer.of(ENCRYPTED, ...key.id)
  const signHeader = Buffer.of(SIGNED, ...key.id)
  return {
    encryptHeader,
    encryptPrefix: encryptHeader.toString('base64url'),
    encryptKey: aead.remember(encryptKey),
    signHeader,
    signPrefix: signHeader.toString('base64url'),
    signKey: ring.subkey(key, `sign ${purpose}`)
  }
}

function openSigned(key: Subkeys, body: string, tag: string): string | undefined {
  if (!isCanonical(body) || !isCanonical(tag)) return undefined
  const bytes = Buffer.from(body, 'base64url')
  const given = Buffer.from(tag, 'base64url').subarray(HEADER_BYTES)
  // The MAC is computed over the bytes and not over the text, because many byte sequences that are not UTF-8 decode to
  // the same text.
  const expected = mac(key, bytes)
  return given.length === expected.length && timingSafeEqual(given, expected) ? bytes.toString() : undefined
}

/** The `0.` before the text is the length of a context; signed values have none. */
function mac(key: Subkeys, text: string | Uint8Array): Buffer {
  return createHmac('sha256', key.signKey).update(key.signHeader).update('0.').update(text).digest()
}

/** Whether the text is base64url and begins with the byte of the format. */
function isSealed(text: string, format: number): boolean {
  return isCanonical(text) && Buffer.from(text.slice(0, 2), 'base64url')[0] === format
}

/**
 * Accepts only the text that the encoder would have written, because Node's decoder accepts other texts for the same
 * bytes.
 */
function isCanonical(text: string): boolean {
  return Buffer.from(text, 'base64url').toString('base64url') === text
}
