import type { From, FromOptions, Mapping, OldCookieAttributes, OldData } from '../../types/from.js'
import { ConfigError } from '../errors.js'
import { isObject } from '../util/objects.js'
import { parseJson } from '../util/parse.js'
import { checkPeerOptions, from } from './internal/from.js'
import { keyOf } from './internal/password-hash.js'
import type { OldSession } from './internal/peer.js'
import { KEY_BYTES, SecretBox } from './internal/secretbox.js'

type Bytes = string | Uint8Array

/**
 * The options that were passed to @fastify/secure-session; if it manages several sessions, the options of one of them.
 */
export interface SecureSessionOptions {
  /** The keys, as bytes or base64. The first one sealed; all are tried. */
  readonly key?: Bytes | readonly Bytes[]
  /**
   * The secret from which the key is derived, if there is no `key`. Deriving it needs Node 24.7, or the package
   * sodium-native.
   */
  readonly secret?: Bytes
  readonly salt?: Bytes
  readonly sessionName?: string
  /** The cookie's name. Default: `sessionName`, or `session`. */
  readonly cookieName?: string
  /** How long a cookie is valid, in seconds. Default: 86401. */
  readonly expiry?: number
  readonly cookie?: OldCookieAttributes & { readonly [attribute: string]: unknown }
  readonly cookieOptions?: OldCookieAttributes & { readonly [attribute: string]: unknown }
}

const OPTIONS = 'key,secret,salt,sessionName,cookieName,expiry,cookie,cookieOptions'.split(',')

/**
 * Carries over sessions of @fastify/secure-session that are sealed with one of its keys, whether signed or not. For
 * `from` of a definition.
 *
 * @param options The options that were passed to @fastify/secure-session.
 * @param map Converts the old session's data. `undefined`: the session is not carried over.
 * @throws FST_SESSIONS_CONFIG when an option can't work
 * @example
 * from: [secureSession({ key, cookieName: 'session' }, (old) => ({ user: old.user }))]
 */
export function secureSession<Data, Old extends object = OldData>(
  options: SecureSessionOptions,
  map: Mapping<Old, Data>,
  how?: FromOptions<Old>
): From<Data> {
  const peer = '@fastify/secure-session'
  checkPeerOptions(peer, options, OPTIONS)
  const { key, secret, salt, sessionName = 'session', cookieName = sessionName, expiry = 86401 } = options
  const keys = key === undefined ? undefined : keysOf(peer, key)
  if (keys === undefined && !isBytes(secret))
    throw new ConfigError(`from ${peer}: expected its key, or its secret and salt`)
  let box: SecretBox | undefined
  return from(
    {
      name: peer,
      cookies: [cookieName],
      attributes: options.cookieOptions ?? options.cookie ?? {},
      ready: async () => {
        box ??= await SecretBox.with(keys ?? [await keyOf(peer, secret as Bytes, salt)])
      },
      open: (cookies) => cookies.all(cookieName).flatMap((value) => (box && open(box, value, expiry)) ?? [])
    },
    map,
    how
  )
}

/**
 * The form of a cookie's value: `sealed;nonce`, both in base64. With `signed: true`, a dot and a signature follow. They
 * are not checked, because the sealed part is authenticated by itself.
 */
const FORM = /^([\w+/]+={0,2});([\w+/]{32})(?:\.[\w+/]+=*)?$/

function open(box: SecretBox, value: string, expiry: number): OldSession | undefined {
  const [, sealed = '', nonce = ''] = FORM.exec(value) ?? []
  const bytes = Buffer.from(sealed, 'base64')
  const text = box.open(bytes, Buffer.from(nonce, 'base64'))
  const held = text === undefined ? undefined : parseJson(text)
  if (!isObject(held)) return undefined
  const { __ts: writtenAt, ...data } = held
  const ends = typeof writtenAt === 'number' ? (writtenAt + expiry) * 1000 : undefined
  // The identity is made of the bytes, because the same bytes can be written as base64 in several ways.
  const identity = `${nonce} ${bytes.toString('base64')}`
  return { identity, value, read: (now) => (ends !== undefined && ends <= now ? undefined : { data, ends }) }
}

/** @throws ConfigError when a key has another length */
function keysOf(peer: string, key: SecureSessionOptions['key']): readonly Uint8Array[] {
  const list = (Array.isArray(key) ? key : [key]) as readonly unknown[]
  return list.map((each) => {
    const bytes = typeof each === 'string' ? Buffer.from(each, 'base64') : each
    if (bytes instanceof Uint8Array && bytes.length === KEY_BYTES) return bytes
    throw new ConfigError(`from ${peer}: key: expected ${KEY_BYTES} bytes, or their base64, or an array of these`)
  })
}

function isBytes(value: unknown): value is Bytes {
  return (typeof value === 'string' || value instanceof Uint8Array) && value.length > 0
}
