import type { From, FromOptions, Mapping, OldCookieAttributes, OldData } from '../../types/from.js'
import { ConfigError } from '../errors.js'
import { checkPeerOptions, from, secretsOf } from './internal/from.js'
import { sessionsIn } from './internal/old-store.js'
import { unsign } from './internal/signatures.js'

/** The methods of a @fastify/session store that are used. */
export interface FastifySessionOldStore {
  // biome-ignore lint/suspicious/noExplicitAny: each store declares a session type of its own here
  get(id: string, callback: (error?: any, session?: any) => void): unknown
  // biome-ignore lint/suspicious/noExplicitAny: as above
  destroy(id: string, callback: (error?: any) => void): unknown
}

/** A custom signer. */
export interface FastifySessionSigner {
  readonly sign: (value: string) => string
  readonly unsign: (signed: string) => { readonly valid: boolean; readonly value: string | null }
}

/** The options that were passed to @fastify/session. Those that do not affect its cookie are accepted and ignored. */
export interface FastifySessionOptions {
  /** The secrets of its signatures, or a signer. The first secret signed; all are tried. */
  readonly secret: string | readonly string[] | FastifySessionSigner
  readonly store: FastifySessionOldStore
  /** The hash of the HMAC. Default: `sha256`. */
  readonly algorithm?: string
  /** The cookie's name. Default: `sessionId`. */
  readonly cookieName?: string
  /** The prefix of the cookie's value. Default: none. */
  readonly cookiePrefix?: string
  readonly cookie?: OldCookieAttributes & { readonly [attribute: string]: unknown }
  readonly saveUninitialized?: unknown
  readonly rolling?: unknown
  readonly idGenerator?: unknown
}

const OPTIONS = 'secret,store,algorithm,cookieName,cookiePrefix,cookie,saveUninitialized,rolling,idGenerator'.split(',')

/**
 * Carries over sessions of @fastify/session whose cookie is signed with its secrets, and that its store has. For `from`
 * of a definition.
 *
 * @param options The options that were passed to @fastify/session, including its `store`.
 * @param map Converts the old session's data, which is without its `cookie`. `undefined`: the session is not carried
 * over.
 * @throws FST_SESSIONS_CONFIG when an option can't work
 * @example
 * from: [fastifySession({ secret, store }, (old) => ({ user: old.user }))]
 */
export function fastifySession<Data, Old extends object = OldData>(
  options: FastifySessionOptions,
  map: Mapping<Old, Data>,
  how?: FromOptions<Old>
): From<Data> {
  const peer = '@fastify/session'
  checkPeerOptions(peer, options, OPTIONS)
  const { store, cookieName = 'sessionId', cookiePrefix = '', cookie = {} } = options
  const idIn = idReader(peer, options)
  const session = sessionsIn(peer, store)
  return from(
    {
      name: peer,
      cookies: [cookieName],
      attributes: cookie,
      open: (cookies) =>
        cookies.all(cookieName).flatMap((value) => {
          const id = value.startsWith(cookiePrefix) ? idIn(value.slice(cookiePrefix.length)) : undefined
          return id === undefined ? [] : session(id)
        })
    },
    map,
    how
  )
}

function idReader(
  peer: string,
  { secret, algorithm = 'sha256' }: FastifySessionOptions
): (signed: string) => string | undefined {
  if (isSigner(secret)) {
    return (signed) => {
      const { valid, value } = secret.unsign(signed)
      return valid && value !== null ? value : undefined
    }
  }
  const secrets = secretsOf(peer, 'secret', secret)
  return (signed) => unsign(signed, secrets, algorithm)
}

/** @throws ConfigError when it is an object without `unsign()` */
function isSigner(secret: FastifySessionOptions['secret']): secret is FastifySessionSigner {
  if (typeof secret !== 'object' || Array.isArray(secret)) return false
  if (typeof (secret as FastifySessionSigner)?.unsign === 'function') return true
  throw new ConfigError('from @fastify/session: secret: expected text, an array of texts, or a signer with unsign()')
}
