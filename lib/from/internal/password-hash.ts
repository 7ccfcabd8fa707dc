import * as crypto from 'node:crypto'
import { promisify } from 'node:util'
import { ConfigError } from '../../errors.js'
import { importIfThere } from '../../util/import-if-there.js'
import { KEY_BYTES } from './secretbox.js'

type Bytes = string | Uint8Array

/** The salt that @fastify/secure-session uses if the app gives none. */
const DEFAULT_SALT = 'mq9hDxBVDbspDR6nLfFT1g=='
const SALT_BYTES = 16

/** libsodium's "moderate" limits for Argon2id (RFC 9106): three passes over 256 MiB. */
const PASSES = 3
const MEMORY = 256 * 1024 * 1024

/**
 * Derives the key that @fastify/secure-session derives from its `secret` and `salt`. libsodium's WebAssembly has no
 * Argon2, so Node does it, or sodium-native, the library of that plugin.
 * @throws FST_SESSIONS_CONFIG when the salt has another length, or neither Node nor sodium-native can derive the key
 */
export async function keyOf(
  peer: string,
  secret: Bytes,
  salt: Bytes = Buffer.from(DEFAULT_SALT, 'base64')
): Promise<Uint8Array> {
  const bytes = typeof salt === 'string' ? Buffer.from(salt, 'ascii') : salt
  if (bytes.length !== SALT_BYTES)
    throw new ConfigError(`from ${peer}: salt: expected ${SALT_BYTES} bytes, got ${bytes.length}`)
  return (await byNode(Buffer.from(secret), bytes)) ?? (await bySodium(peer, Buffer.from(secret), bytes))
}

/** Derives the key by Node, which has Argon2 since 24.7; `undefined` in older versions. */
async function byNode(message: Uint8Array, nonce: Uint8Array): Promise<Uint8Array | undefined> {
  const { argon2 } = crypto as { readonly argon2?: NodeArgon2 }
  if (argon2 === undefined) return undefined
  const limits = { parallelism: 1, tagLength: KEY_BYTES, memory: MEMORY / 1024, passes: PASSES }
  return promisify(argon2)('argon2id', { message, nonce, ...limits })
}

type NodeArgon2 = (algorithm: string, options: object, done: (error: Error | null, key: Uint8Array) => void) => void

interface SodiumNative {
  crypto_pwhash_async(
    key: Uint8Array,
    password: Uint8Array,
    salt: Uint8Array,
    passes: number,
    memory: number,
    algorithm: number,
    done: (error?: Error | null) => void
  ): void
  readonly crypto_pwhash_ALG_DEFAULT: number
}

/** @throws ConfigError when the package sodium-native is not installed */
async function bySodium(peer: string, secret: Uint8Array, salt: Uint8Array): Promise<Uint8Array> {
  const { default: sodium } = (await importIfThere('sodium-native').catch((cause) => {
    const reason = 'to derive its key from secret and salt takes Node 24.7, or the package sodium-native'
    throw Object.assign(new ConfigError(`from ${peer}: ${reason}`), { cause })
  })) as { readonly default: SodiumNative }
  const key = Buffer.alloc(KEY_BYTES)
  const { crypto_pwhash_ALG_DEFAULT: argon2id } = sodium
  await new Promise<void>((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve())
    sodium.crypto_pwhash_async(key, Buffer.from(secret), Buffer.from(salt), PASSES, MEMORY, argon2id, done)
  })
  return key
}
