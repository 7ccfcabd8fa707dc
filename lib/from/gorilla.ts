import type { From, FromOptions, Mapping, OldCookieAttributes, OldData } from '../../types/from.js'
import { ConfigError } from '../errors.js'
import { readGob } from '../go/gob-reader.js'
import { type OpenedValue, openSecureCookie, pairsOf } from '../go/securecookie.js'
import { inTime } from '../util/in-time.js'
import { isObject } from '../util/objects.js'
import { parseJson } from '../util/parse.js'
import { checkPeerOptions, from } from './internal/from.js'
import type { OldSession } from './internal/peer.js'

/** Where a server keeps sessions whose ids the cookies hold. */
export interface GorillaStore {
  /** What is stored of an id: text of JSON, or bytes of gob. */
  get(id: string): PromiseLike<string | Uint8Array | null | undefined>
  /** Ends it. */
  destroy(id: string): PromiseLike<unknown>
}

export interface GorillaOptions {
  /** Of the session, and so of its cookie. */
  readonly name: string
  /** As `NewCookieStore` takes them: hash key, block key, older hash key, …; text (its UTF-8 bytes count) or bytes. */
  readonly pairs: readonly (string | Uint8Array | undefined)[]
  /** Default `'gob'`; where there is a `store`, that of its records. */
  readonly serializer?: 'gob' | 'json'
  /** For stores that keep all but an id. Default: the cookie holds all. */
  readonly store?: GorillaStore
  /** How long a cookie is good, in seconds; 0: for ever. Default 30 days. */
  readonly maxAge?: number
  readonly cookie?: OldCookieAttributes & { readonly [attribute: string]: unknown }
}

const PEER = 'gorilla/sessions'
const OPTIONS = ['name', 'pairs', 'serializer', 'store', 'maxAge', 'cookie']
const MONTH = 30 * 24 * 60 * 60

/**
 * Sessions of Go's gorilla/sessions, for `from` of a definition: those that one of its key pairs seals. Of values in gob
 * strings, numbers, booleans, bytes (as base64) and lists of these are read; flashes are under `_flash`. Others are left
 * out, and so are keys that are no strings.
 *
 * @param map what becomes of a session; `undefined`: it is not carried over
 * @throws FST_SESSIONS_CONFIG
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

/** In ms since the epoch. Go counts whole seconds, of which the last one is good to its end. */
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
