import type { From, FromOptions, Mapping, OldCookieAttributes, OldData } from '../../types/from.js'
import { ConfigError } from '../errors.js'
import { checkPeerOptions, from } from './internal/from.js'
import { type Passwords, unseal } from './internal/iron.js'

/** Those that iron-session was given. */
export interface IronSessionOptions {
  readonly cookieName: string
  /** One, or by id those that are tried by the id in the seal. */
  readonly password: string | { readonly [id: string]: string }
  readonly ttl?: number
  readonly cookieOptions?: OldCookieAttributes & { readonly [attribute: string]: unknown }
}

/**
 * Sessions of iron-session 8, for `from` of a definition: those that one of its passwords seals.
 *
 * @param options what iron-session was given
 * @param map what becomes of a session; `undefined`: it is not carried over
 * @throws FST_SESSIONS_CONFIG
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

/** iron-session takes no shorter one. */
const LEAST = 32

function passwordsOf(peer: string, password: unknown): Passwords {
  const byId = typeof password === 'string' ? { 1: password } : Object(password)
  const list = Object.entries(byId)
  if (list.length > 0 && list.every(([, each]) => typeof each === 'string' && each.length >= LEAST))
    return new Map(list) as Passwords
  throw new ConfigError(`from ${peer}: password: expected at least ${LEAST} characters, or an object of such by id`)
}
