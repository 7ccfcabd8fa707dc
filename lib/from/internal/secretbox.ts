import type { Sodium } from 'libsodium'
import { makeSodium } from '../../seal/sodium.js'

export const KEY_BYTES = 32
const NONCE_BYTES = 24
const TAG_BYTES = 16

/**
 * XSalsa20-Poly1305, which Node lacks, by libsodium's WebAssembly. It uses an instance of its own: the instance that
 * seals the app's sessions relies on a heap that nothing else makes grow.
 */
export class SecretBox {
  readonly #sodium: Sodium
  readonly #keys: readonly number[]

  private constructor(sodium: Sodium, keys: readonly Uint8Array[]) {
    this.#sodium = sodium
    this.#keys = keys.map((key) => {
      const pointer = sodium._malloc(KEY_BYTES)
      sodium.HEAPU8.set(key, pointer)
      return pointer
    })
  }

  static async with(keys: readonly Uint8Array[]): Promise<SecretBox> {
    return new SecretBox(await makeSodium(), keys)
  }

  /** Decrypts a text. `undefined`: none of the keys sealed it. */
  open(sealed: Uint8Array, nonce: Uint8Array): string | undefined {
    if (sealed.length < TAG_BYTES || nonce.length !== NONCE_BYTES) return undefined
    const at = this.#sodium._malloc(sealed.length + NONCE_BYTES)
    try {
      return this.#openAt(at, sealed, nonce)
    } finally {
      this.#sodium.HEAPU8.fill(0, at, at + sealed.length)
      this.#sodium._free(at)
    }
  }

  #openAt(at: number, sealed: Uint8Array, nonce: Uint8Array): string | undefined {
    const nonceAt = at + sealed.length
    for (const key of this.#keys) {
      this.#sodium.HEAPU8.set(sealed, at)
      this.#sodium.HEAPU8.set(nonce, nonceAt)
      if (this.#sodium._crypto_secretbox_open_easy(at, at, sealed.length, 0, nonceAt, key) !== 0) continue
      return Buffer.from(this.#sodium.HEAPU8.subarray(at, nonceAt - TAG_BYTES)).toString()
    }
    return undefined
  }
}
