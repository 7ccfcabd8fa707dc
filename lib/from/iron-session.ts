import type { From, FromOptions, Mapping, OldCookieAttributes, OldData } from '../../types/from.js'
import { ConfigError } from '../errors.js'
import { checkPeerOptions, from } from './internal/from.js'
import { type Passwords, unseal } from './internal/iron.js'

/** The options that were passed to iron-session. */
export interface IronSessionOptions {
  readonly cookieName: string
  /** The password; or several by id, of which the one named in the seal is used. */
  readonly password: string | { readonly [id: string]: string }
  readonly ttl?: number
  readonly cookieOptions?: OldCookieAttributes & { readonly [attribute: string]: unknown }
}

/**
 * Carries over sessions of iron-session 8 that are sealed with one of its passwords. For `from` of a definition.
 *
 * @param options The options that were passed to iron-session.
 * @param map Converts the old session's data. `undefined`: the session is not carried over.
 * @throws FST_SESSIONS_CONFIG when an option can't work
 * @example
 * from: [ironSession({ cookieName, password }, (old) => ({ user: old.user }))]
 */
export function ironSession<Data, Old extends object = OldData>(
  options: IronSessionOptions,
  map: Mapping<Old, Data>,
  how?: FromOptions<Old>
): From<Data> {
  const peer = 'iron-session'
  checkPeerOptions(peer, options, ['cookieName', 'password', 'ttl', 'cookieOptions'])
  const { cookieName, cookieOptions = {} } = options
  if (typeof cookieName !== 'string') throw new ConfigError(`from ${peer}: cookieName: expected a name`)
  const passwords = passwordsOf(peer, options.password)
  return from(
    {
      name: peer,
      cookies: [cookieName],
      attributes: cookieOptions,
      open: (cookies) => cookies.all(cookieName).flatMap((value) => unseal(value, passwords) ?? [])
    },
    map,
    how
  )
}

/** The least characters of a password; iron-session accepts no shorter one. */
const LEAST = 32

/** @throws ConfigError when there is none, or one is too short */
function passwordsOf(peer: string, password: unknown): Passwords {
  const byId = typeof password === 'string' ? { 1: password } : Object(password)
  const list = Object.entries(byId)
  if (list.length > 0 && list.every(([, each]) => typeof each === 'string' && each.length >= LEAST))
    return new Map(list) as Passwords
  throw new ConfigError(`from ${peer}: password: expected at least ${LEAST} characters, or an object of such by id`)
}
