import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/**
 * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) by node:crypto, for texts that would make WebAssembly's memory grow,
 * which is never given back. The format is the same as that of aead.ts.
 */

const NONCE_BYTES = 24
const TAG_BYTES = 16
const AEAD = 'chacha20-poly1305'

/** Returns header, nonce, ciphertext and tag. */
export function sealLarge(key: Uint8Array, header: Uint8Array, text: string, context: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const derived = hchacha20(key, nonce.subarray(0, 16))
  const cipher = createCipheriv(AEAD, derived, shortNonce(nonce), { authTagLength: TAG_BYTES })
  cipher.setAAD(adOf(header, context), { plaintextLength: Buffer.byteLength(text) })
  const sealed = [header, nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]
  derived.fill(0)
  return Buffer.concat(sealed)
}

/** Returns the text, or `undefined` if a single bit differs. */
export function openLarge(key: Uint8Array, header: Uint8Array, sealed: Buffer, context: string): string | undefined {
  const message = header.length + NONCE_BYTES
  const end = sealed.length - TAG_BYTES
  const nonce = sealed.subarray(header.length, message)
  const derived = hchacha20(key, nonce.subarray(0, 16))
  const decipher = createDecipheriv(AEAD, derived, shortNonce(nonce), { authTagLength: TAG_BYTES })
  derived.fill(0)
  decipher.setAAD(adOf(header, context), { plaintextLength: end - message })
  decipher.setAuthTag(sealed.subarray(end))
  const opened = decipher.update(sealed.subarray(message, end))
  try {
    decipher.final()
    return opened.toString()
  } catch {
    return undefined
  }
}

function adOf(header: Uint8Array, context: string): Buffer {
  return Buffer.concat([header, Buffer.from(context)])
}

/**
 * The nonce of the inner cipher: a counter of 32 bits, then the eight bytes that HChaCha20 did not use (section 2.3).
 */
function shortNonce(nonce: Uint8Array): Buffer {
  return Buffer.concat([Buffer.alloc(4), nonce.subarray(16)])
}

/** The constants of ChaCha20: "expand 32-byte k" in four words. */
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]

/**
 * HChaCha20 (section 2.2 of the draft). A block of ChaCha20 is the result of its rounds plus the initial state, word by
 * word. HChaCha20 is eight words of the result of the rounds. So they are computed from the first block of a key
 * stream, by subtracting the words of the initial state.
 */
function hchacha20(key: Uint8Array, nonce: Uint8Array): Buffer {
  const block = createCipheriv('chacha20', key, nonce).update(Buffer.alloc(64))
  const derived = Buffer.alloc(32)
  const state = Buffer.from(nonce)
  for (let word = 0; word < 4; word++) {
    const [low, high] = [block.readUInt32LE(4 * word), block.readUInt32LE(48 + 4 * word)]
    derived.writeUInt32LE((low - (CONSTANTS[word] as number)) >>> 0, 4 * word)
    derived.writeUInt32LE((high - state.readUInt32LE(4 * word)) >>> 0, 16 + 4 * word)
  }
  block.fill(0)
  return derived
}
