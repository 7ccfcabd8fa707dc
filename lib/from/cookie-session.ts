import type { From, FromOptions, Mapping, OldData } from '../../types/from.js'
import { ConfigError } from '../errors.js'
import { isObject } from '../util/objects.js'
import { parseJson } from '../util/parse.js'
import { checkPeerOptions, from, secretsOf } from './internal/from.js'
import type { OldSession } from './internal/peer.js'
import { isSigned, urlSafe } from './internal/signatures.js'

/** A keygrip, or what looks like one. */
export interface CookieSessionKeys {
  verify(data: string, signature: string): boolean
}

/** Those that cookie-session was given; what does not concern the reading of its cookie is not looked at. */
export interface CookieSessionOptions {
  /** The first signed, all are tried. */
  readonly keys?: readonly string[] | CookieSessionKeys
  readonly secret?: string
  /** Default `session`; its signature is in the cookie of this name with `.sig` behind it. */
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
 * Sessions of cookie-session, for `from` of a definition: those that its keys sign.
 *
 * Two browsers whose sessions hold the same have the very same cookie, so nobody can tell one from the other: of parallel
 * first requests each begins a session of its own, of which the browser keeps the later, and nothing but the browser
 * knows that a session has been carried over.
 *
 * @param options what cookie-session was given
 * @param map what becomes of a session; `undefined`: it is not carried over
 * @throws FST_SESSIONS_CONFIG
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
