import type { From, FromOptions, Mapping, OldCookieAttributes, OldData } from '../../types/from.js'
import { ConfigError } from '../errors.js'
import { readGob } from '../go/gob-reader.js'
import { type OpenedValue, openSecureCookie, pairsOf } from '../go/securecookie.js'
import { inTime } from '../util/in-time.js'
import { isObject } from '../util/objects.js'
import { parseJson } from '../util/parse.js'
import { checkPeerOptions, from } from './internal/from.js'
import type { OldSession } from './internal/peer.js'

/** The store of a Go app whose cookies hold only a session's id. */
export interface GorillaStore {
  /** Resolves to the stored session: JSON as text, or gob as bytes. */
  get(id: string): PromiseLike<string | Uint8Array | null | undefined>
  /** Removes the stored session. */
  destroy(id: string): PromiseLike<unknown>
}

export interface GorillaOptions {
  /** The name of the session, which is its cookie's name too. */
  readonly name: string
  /**
   * The keys in the order of `NewCookieStore`: hash key, block key, older hash key, …; each a text (of which the UTF-8
   * bytes are used) or bytes.
   */
  readonly pairs: readonly (string | Uint8Array | undefined)[]
  /** The format of the cookie's content; or, if there is a `store`, of its records. Default: `'gob'`. */
  readonly serializer?: 'gob' | 'json'
  /** The store, if the cookie holds only an id. Default: the cookie holds the whole session. */
  readonly store?: GorillaStore
  /** How long a cookie is valid, in seconds; 0 for no limit. Default: 30 days. */
  readonly maxAge?: number
  readonly cookie?: OldCookieAttributes & { readonly [attribute: string]: unknown }
}

const PEER = 'gorilla/sessions'
const OPTIONS = ['name', 'pairs', 'serializer', 'store', 'maxAge', 'cookie']
const MONTH = 30 * 24 * 60 * 60

/**
 * Carries over sessions of Go's gorilla/sessions whose cookie one of its key pairs sealed. For `from` of a definition.
 * Of values in gob, strings, numbers, booleans, bytes (as base64) and lists of these are read; flashes are under
 * `_flash`. Values of other types are left out, and so are keys that are not strings.
 *
 * @param map Converts the old session's data. `undefined`: the session is not carried over.
 * @throws FST_SESSIONS_CONFIG when an option can't work
 * @example
 * from: [gorilla({ name: 'shop', pairs: [hashKey, blockKey] }, (old) => ({ user: old.user }))]
 */
export function gorilla<Data, Old extends object = OldData>(
  options: GorillaOptions,
  map: Mapping<Old, Data>,
  how?: FromOptions<Old>
): From<Data> {
  checkPeerOptions(PEER, options, OPTIONS)
  const { name, cookie = {}, maxAge = MONTH } = options
  if (typeof name !== 'string') throw new ConfigError(`from ${PEER}: name: expected the name of the session`)
  const pairs = pairsOf(`from ${PEER}`, options.pairs)
  const sessionOf = options.store === undefined ? inCookie(options) : inStore(options.store, options)
  return from(
    {
      name: PEER,
      cookies: [name],
      attributes: cookie,
      open: (cookies) =>
        cookies.all(name).flatMap((value) =>
          openSecureCookie(name, value, pairs)
            .flatMap((opened) => sessionOf(opened, endOf(opened, maxAge), value) ?? [])
            .slice(0, 1)
        )
    },
    map,
    how
  )
}

/**
 * Returns when a cookie expires, in ms since the epoch. Go counts whole seconds, and accepts a cookie until the end of
 * the last one.
 */
function endOf({ madeAt }: OpenedValue, maxAge: number): number {
  return maxAge > 0 ? (madeAt + maxAge + 1) * 1000 : Number.POSITIVE_INFINITY
}

type SessionOf = (opened: OpenedValue, ends: number, value: string) => OldSession | undefined

function inCookie({ serializer }: GorillaOptions): SessionOf {
  return ({ content, identity }, ends, value) => {
    const data = dataIn(content, serializer)
    return data && { identity, value, read: (now) => (ends <= now ? undefined : { data, ends }) }
  }
}

/** How long the old store may take to answer, in ms. */
const TIMEOUT = 5000

/** @throws ConfigError when the store lacks a method */
function inStore(store: GorillaStore, { serializer }: GorillaOptions): SessionOf {
  for (const method of ['get', 'destroy'] as const) {
    if (typeof store?.[method] !== 'function') throw new ConfigError(`from ${PEER}: store: it has no ${method}()`)
  }
  return ({ content }, ends, value) => {
    const id = readGob(content)
    if (typeof id !== 'string') return undefined
    const read = async (now: number) => {
      const stored = ends <= now ? undefined : await inTime(() => store.get(id), TIMEOUT, PEER)
      const data = stored ? dataIn(Buffer.from(stored), serializer) : undefined
      return data && { data, ends }
    }
    return { identity: id, value, read, end: async () => void (await inTime(() => store.destroy(id), TIMEOUT, PEER)) }
  }
}

function dataIn(content: Buffer, serializer: GorillaOptions['serializer']): OldData | undefined {
  const data = serializer === 'json' ? parseJson(content.toString()) : readGob(content)
  return isObject(data) ? data : undefined
}
