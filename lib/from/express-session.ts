import type { From, FromOptions, Mapping, OldCookieAttributes, OldData } from '../../types/from.js'
import { checkPeerOptions, from, secretsOf } from './internal/from.js'
import { sessionsIn } from './internal/old-store.js'
import { unsign } from './internal/signatures.js'

/** What is used of a store for express-session. */
export interface ExpressSessionOldStore {
  // biome-ignore lint/suspicious/noExplicitAny: each store declares a session type of its own here
  get(id: string, callback: (error?: any, session?: any) => void): unknown
  // biome-ignore lint/suspicious/noExplicitAny: as above
  destroy(id: string, callback: (error?: any) => void): unknown
}

/** Those that express-session was given; what does not concern its cookie may stand there, and is not looked at. */
export interface ExpressSessionOptions {
  /** The first signed, all are tried. */
  readonly secret: string | Uint8Array | readonly (string | Uint8Array)[]
  readonly store: ExpressSessionOldStore
  /** Default `connect.sid`. */
  readonly name?: string
  readonly cookie?: OldCookieAttributes & { readonly [attribute: string]: unknown }
  readonly genid?: unknown
  readonly key?: string
  readonly proxy?: unknown
  readonly resave?: unknown
  readonly rolling?: unknown
  readonly saveUninitialized?: unknown
  readonly unset?: unknown
}

const OPTIONS = 'secret,store,name,cookie,genid,key,proxy,resave,rolling,saveUninitialized,unset'.split(',')

/**
 * Sessions of express-session, for `from` of a definition: those whose cookie its secrets sign, and that its store has.
 *
 * @param options what express-session was given, with its `store`
 * @param map what becomes of a session, without its `cookie`; `undefined`: it is not carried over
 * @throws FST_SESSIONS_CONFIG
 * @example
 * from: [expressSession({ secret, store }, (old) => ({ user: old.user }))]
 */
export function expressSession<Data, Old extends object = OldData>(
  options: ExpressSessionOptions,
  map: Mapping<Old, Data>,
  how?: FromOptions<Old>
): From<Data> {
  const peer = 'express-session'
  checkPeerOptions(peer, options, OPTIONS)
  const { secret, store, key, name = key ?? 'connect.sid', cookie = {} } = options
  const secrets = secretsOf(peer, 'secret', secret)
  const session = sessionsIn(peer, store)
  return from(
    {
      name: peer,
      cookies: [name],
      attributes: cookie,
      open: (cookies) =>
        cookies.all(name).flatMap((value) => {
          const id = value.startsWith('s:') ? unsign(value.slice(2), secrets) : undefined
          return id === undefined ? [] : session(id)
        })
    },
    map,
    how
  )
}
