import { hkdfSync } from 'node:crypto'
import type { Key } from '../../types/options.js'
import { ConfigError } from '../errors.js'

/** Fewer than the 256 bits that XChaCha20-Poly1305 and HMAC-SHA256 take would be the weakest link. */
const MIN_BYTES = 32

/** Length of the id by which a sealed value names its key, in bytes: with the format's byte, 8 characters of base64. */
export const KEY_ID_BYTES = 5

export interface RingKey {
  /** Derived from the secret, so that every process with the same key gives it the same id. */
  readonly id: Uint8Array
  readonly secret: Uint8Array
}

/** A key's id as events and the command line show it. */
export function idAsText(id: Uint8Array): string {
  return Buffer.from(id).toString('hex')
}

/** The app's keys: the first seals, all open. */
export class KeyRing {
  readonly #app: string | undefined
  #keys: readonly RingKey[]
  #generation = 0

  /** @param app mixed into all that is derived: the same secrets are other keys for another app */
  constructor(keys: readonly (Key | undefined)[], app?: string) {
    this.#app = app
    this.#keys = checkedKeys(keys, app)
  }

  get keys(): readonly RingKey[] {
    return this.#keys
  }

  /** Grows with each replacement: whoever derived subkeys derives them anew when it has changed. */
  get generation(): number {
    return this.#generation
  }

  replace(keys: readonly (Key | undefined)[]): void {
    this.#keys = checkedKeys(keys, this.#app)
    this.#generation++
  }

  /** Forgets the secrets: nothing is sealed or opened any more. */
  close(): void {
    for (const { secret } of this.#keys) secret.fill(0)
    this.#keys = []
    this.#generation++
  }

  /** One independent 32-byte key for each purpose. */
  subkey({ secret }: RingKey, purpose: string): Buffer {
    return derive(secret, purpose, this.#app)
  }
}

/** HKDF-SHA256 (RFC 5869). The app's name stands there as JSON, which ends where it ends: no purpose looks like one. */
function derive(secret: Uint8Array, purpose: string, app: string | undefined): Buffer {
  const info = app === undefined ? purpose : `app ${JSON.stringify(app)} ${purpose}`
  return Buffer.from(hkdfSync('sha256', secret, '', `fastify-sessions v1 ${info}`, 32))
}

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
