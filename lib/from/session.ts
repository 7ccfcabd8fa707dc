import type { From, FromOptions, Mapping, OldCookieAttributes, OldData } from '../../types/from.js'
import { ConfigError } from '../errors.js'
import { checkPeerOptions, from, secretsOf } from './internal/from.js'
import { sessionsIn } from './internal/old-store.js'
import { unsign } from './internal/signatures.js'

/** What is used of a store for @fastify/session. */
export interface FastifySessionOldStore {
  // biome-ignore lint/suspicious/noExplicitAny: each store declares a session type of its own here
  get(id: string, callback: (error?: any, session?: any) => void): unknown
  // biome-ignore lint/suspicious/noExplicitAny: as above
  destroy(id: string, callback: (error?: any) => void): unknown
}

/** A signer of the app's own. */
export interface FastifySessionSigner {
  readonly sign: (value: string) => string
  readonly unsign: (signed: string) => { readonly valid: boolean; readonly value: string | null }
}

/** Those that @fastify/session was given; what does not concern its cookie may stand there, and is not looked at. */
export interface FastifySessionOptions {
  /** The first signed, all are tried. */
  readonly secret: string | readonly string[] | FastifySessionSigner
  readonly store: FastifySessionOldStore
  /** Of the HMAC. Default `sha256`. */
  readonly algorithm?: string
  /** Default `sessionId`. */
  readonly cookieName?: string
  /** Default none. */
  readonly cookiePrefix?: string
  readonly cookie?: OldCookieAttributes & { readonly [attribute: string]: unknown }
  readonly saveUninitialized?: unknown
  readonly rolling?: unknown
  readonly idGenerator?: unknown
}

const OPTIONS = 'secret,store,algorithm,cookieName,cookiePrefix,cookie,saveUninitialized,rolling,idGenerator'.split(',')

/**
 * Sessions of @fastify/session, for `from` of a definition: those whose cookie its secrets sign, and that its store has.
 *
 * @param options what @fastify/session was given, with its `store`
 * @param map what becomes of a session, without its `cookie`; `undefined`: it is not carried over
 * @throws FST_SESSIONS_CONFIG
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

function isSigner(secret: FastifySessionOptions['secret']): secret is FastifySessionSigner {
  if (typeof secret !== 'object' || Array.isArray(secret)) return false
  if (typeof (secret as FastifySessionSigner)?.unsign === 'function') return true
  throw new ConfigError('from @fastify/session: secret: expected text, an array of texts, or a signer with unsign()')
}
