import type { From, FromOptions, Mapping, OldData } from '../../types/from.js'
import { ConfigError } from '../errors.js'
import { isObject } from '../util/objects.js'
import { parseJson } from '../util/parse.js'
import { checkPeerOptions, from, secretsOf } from './internal/from.js'
import type { OldSession } from './internal/peer.js'
import { isSigned, urlSafe } from './internal/signatures.js'

/** A Keygrip, or an object with the same method. */
export interface CookieSessionKeys {
  verify(data: string, signature: string): boolean
}

/** The options that were passed to cookie-session. Those that do not affect how its cookie is read are ignored. */
export interface CookieSessionOptions {
  /** The keys of its signatures. The first one signed; all are tried. */
  readonly keys?: readonly string[] | CookieSessionKeys
  readonly secret?: string
  /** The cookie's name. Its signature is in the cookie of this name followed by `.sig`. Default: `session`. */
  readonly name?: string
  readonly path?: string
  readonly domain?: string
  readonly secure?: boolean
  readonly sameSite?: unknown
  readonly partitioned?: boolean
  readonly signed?: boolean
  readonly maxAge?: unknown
  readonly expires?: unknown
  readonly httpOnly?: unknown
  readonly overwrite?: unknown
  readonly priority?: unknown
  readonly secureProxy?: unknown
}

const OPTIONS =
  'keys,secret,name,path,domain,secure,sameSite,partitioned,signed,maxAge,expires,httpOnly,overwrite,priority,secureProxy'.split(
    ','
  )

/**
 * Carries over sessions of cookie-session whose cookie is signed with its keys. For `from` of a definition.
 *
 * Two browsers whose sessions have the same contents have the same cookie, so they can't be told apart. When a
 * browser's first requests run in parallel, each of them begins a session of its own, and the browser keeps the later
 * one. Only the browser knows that a session has been carried over.
 *
 * @param options The options that were passed to cookie-session.
 * @param map Converts the old session's data. `undefined`: the session is not carried over.
 * @throws FST_SESSIONS_CONFIG when an option can't work
 * @example
 * from: [cookieSession({ keys }, (old) => ({ user: old.user }))]
 */
export function cookieSession<Data, Old extends object = OldData>(
  options: CookieSessionOptions,
  map: Mapping<Old, Data>,
  how?: FromOptions<Old>
): From<Data> {
  const peer = 'cookie-session'
  checkPeerOptions(peer, options, OPTIONS)
  const { name = 'session', signed = true, ...attributes } = options
  if (!signed) throw new ConfigError(`from ${peer}: signed: false: anybody can forge such a cookie, so none is taken`)
  const isAuthentic = verifier(peer, options)
  return from(
    {
      name: peer,
      cookies: [name, `${name}.sig`],
      attributes,
      open: (cookies) => {
        const signatures = cookies.all(`${name}.sig`)
        return cookies
          .all(name)
          .filter((value) => signatures.some((signature) => isAuthentic(`${name}=${value}`, signature)))
          .flatMap(sessionOf)
      }
    },
    map,
    how
  )
}

/** @throws ConfigError when there is no key, or one is empty */
function verifier(peer: string, { keys, secret }: CookieSessionOptions): CookieSessionKeys['verify'] {
  if (isObject(keys) && typeof keys['verify'] === 'function') {
    return (data, signature) => (keys as unknown as CookieSessionKeys).verify(data, signature)
  }
  const secrets = secretsOf(peer, 'keys', keys ?? secret)
  return (data, signature) => isSigned(data, signature, secrets, 'sha1', urlSafe)
}

function sessionOf(value: string): OldSession | [] {
  const data = parseJson(Buffer.from(value, 'base64').toString())
  return isObject(data) ? { identity: undefined, value, read: () => ({ data }) } : []
}
