import type { From, FromOptions, Mapping, OldCookieAttributes, OldData } from '../../types/from.js'
import { ConfigError } from '../errors.js'
import { inTime } from '../util/in-time.js'
import { isObject } from '../util/objects.js'
import { parseJson } from '../util/parse.js'
import { checkPeerOptions, from } from './internal/from.js'
import { readGob } from './internal/gob.js'
import type { OldSession } from './internal/peer.js'
import { type KeyPair, type OpenedValue, openSecureCookie } from './internal/securecookie.js'

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
  const pairs = pairsOf(options.pairs)
  const sessionOf = options.store === undefined ? inCookie(options) : inStore(options.store, options)
  return from(
    {
      name: PEER,
      cookies: [name],
      attributes: cookie,
      open: (cookies) =>
        cookies.all(name).flatMap((value) => {
          const opened = openSecureCookie(name, value, pairs)
          const ends = opened && maxAge > 0 ? (opened.madeAt + maxAge) * 1000 : Number.POSITIVE_INFINITY
          return (opened && sessionOf(opened, ends, value)) ?? []
        })
    },
    map,
    how
  )
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

function pairsOf(keys: unknown): readonly KeyPair[] {
  const list = Array.isArray(keys) ? keys.map((key) => (typeof key === 'string' ? Buffer.from(key) : key)) : []
  const pairs: KeyPair[] = []
  for (let at = 0; at < list.length; at += 2) pairs.push({ hash: hashKey(list[at]), block: blockKey(list[at + 1]) })
  if (pairs.length > 0) return pairs
  throw new ConfigError(`from ${PEER}: pairs: expected an array of keys, a hash key first`)
}

function hashKey(key: unknown): Uint8Array {
  if (key instanceof Uint8Array && key.length > 0) return key
  throw new ConfigError(`from ${PEER}: pairs: a hash key is text or bytes, and not empty`)
}

/** Go takes `nil` for none. */
function blockKey(key: unknown): Uint8Array | undefined {
  if (key === undefined || key === null) return undefined
  if (key instanceof Uint8Array && [16, 24, 32].includes(key.length)) return key
  throw new ConfigError(`from ${PEER}: pairs: a block key has 16, 24 or 32 bytes`)
}
