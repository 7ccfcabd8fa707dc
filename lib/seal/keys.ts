import { hkdfSync } from 'node:crypto'
import type { Key } from '../../types/options.js'
import { ConfigError } from '../errors.js'

/**
 * The least bytes of a key. XChaCha20-Poly1305 and HMAC-SHA256 take 256 bits, and a shorter secret would be the weakest
 * link.
 */
const MIN_BYTES = 32

/**
 * The length in bytes of the key id in a sealed value. Together with the format byte it makes 8 characters of base64.
 */
export const KEY_ID_BYTES = 5

export interface RingKey {
  /** The key's id, derived from the secret, so that every process with the same key gives it the same id. */
  readonly id: Uint8Array
  readonly secret: Uint8Array
}

/** Formats a key's id as events and the command line show it. */
export function idAsText(id: Uint8Array): string {
  return Buffer.from(id).toString('hex')
}

/** The app's keys: the first one seals, and every one opens. */
export class KeyRing {
  readonly #app: string | undefined
  #keys: readonly RingKey[]
  #generation = 0

  /**
   * @param app Mixed into everything that is derived, so that the same secrets give another app other keys.
   * @throws ConfigError when a key is missing, too short or given twice
   */
  constructor(keys: readonly (Key | undefined)[], app?: string) {
    this.#app = app
    this.#keys = checkedKeys(keys, app)
  }

  get keys(): readonly RingKey[] {
    return this.#keys
  }

  /** A number that grows with each replacement of the keys. Subkeys have to be derived anew when it has changed. */
  get generation(): number {
    return this.#generation
  }

  /** @throws ConfigError when a key is missing, too short or given twice; the former keys then stay */
  replace(keys: readonly (Key | undefined)[]): void {
    this.#keys = checkedKeys(keys, this.#app)
    this.#generation++
  }

  /** Wipes the secrets. Nothing can be sealed or opened after this. */
  close(): void {
    for (const { secret } of this.#keys) secret.fill(0)
    this.#keys = []
    this.#generation++
  }

  /** Derives an independent 32-byte key for a purpose. */
  subkey({ secret }: RingKey, purpose: string): Buffer {
    return derive(secret, purpose, this.#app)
  }
}

/**
 * Derives a key by HKDF-SHA256 (RFC 5869). The app's name is written as JSON, whose end is unambiguous, so that no
 * combination of a name and a purpose equals another one.
 */
function derive(secret: Uint8Array, purpose: string, app: string | undefined): Buffer {
  const info = app === undefined ? purpose : `app ${JSON.stringify(app)} ${purpose}`
  return Buffer.from(hkdfSync('sha256', secret, '', `fastify-sessions v1 ${info}`, 32))
}

/** @throws ConfigError when a key is missing, too short or given twice */
function checkedKeys(keys: readonly (Key | undefined)[], app: string | undefined): readonly RingKey[] {
  if (!Array.isArray(keys) || keys.length === 0) {
    throw new ConfigError('keys: expected an array of at least one key, for example [process.env.SESSION_KEY]')
  }
  const ring = keys.map((key, index) => ringKey(key, index, app))
  const ids = new Set(ring.map((key) => idAsText(key.id)))
  if (ids.size < ring.length) throw new ConfigError('keys: the same key stands there twice')
  return ring
}

function ringKey(key: unknown, index: number, app: string | undefined): RingKey {
  if (typeof key !== 'string' && !(key instanceof Uint8Array)) {
    throw new ConfigError(
      `keys[${index}]: expected text or bytes, got ${key === null ? 'null' : typeof key}; is the environment variable set?`
    )
  }
  const secret = Uint8Array.from(typeof key === 'string' ? Buffer.from(key) : key)
  if (secret.byteLength < MIN_BYTES) {
    throw new ConfigError(
      `keys[${index}]: ${secret.byteLength} bytes are too few, ${MIN_BYTES} are needed; make one with: node -p "crypto.randomBytes(32).toString('base64url')"`
    )
  }
  return { id: derive(secret, 'key id', app).subarray(0, KEY_ID_BYTES), secret }
}
