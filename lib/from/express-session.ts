import type { From, FromOptions, Mapping, OldCookieAttributes, OldData } from '../../types/from.js'
import { checkPeerOptions, from, secretsOf } from './internal/from.js'
import { sessionsIn } from './internal/old-store.js'
import { unsign } from './internal/signatures.js'

/** The methods of an express-session store that are used. */
export interface ExpressSessionOldStore {
  // biome-ignore lint/suspicious/noExplicitAny: each store declares a session type of its own here
  get(id: string, callback: (error?: any, session?: any) => void): unknown
  // biome-ignore lint/suspicious/noExplicitAny: as above
  destroy(id: string, callback: (error?: any) => void): unknown
}

/** The options that were passed to express-session. Those that do not affect its cookie are accepted and ignored. */
export interface ExpressSessionOptions {
  /** The secrets of its signatures. The first one signed; all are tried. */
  readonly secret: string | Uint8Array | readonly (string | Uint8Array)[]
  readonly store: ExpressSessionOldStore
  /** The cookie's name. Default: `connect.sid`. */
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
 * Carries over sessions of express-session whose cookie is signed with its secrets, and that its store has. For `from`
 * of a definition.
 *
 * @param options The options that were passed to express-session, including its `store`.
 * @param map Converts the old session's data, which is without its `cookie`. `undefined`: the session is not carried
 * over.
 * @throws FST_SESSIONS_CONFIG when an option can't work
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
