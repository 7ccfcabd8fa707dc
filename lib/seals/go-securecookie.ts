import { randomBytes } from 'node:crypto'
import type { SharedWithGo } from '../../types/go.js'
import type { CookieSeal } from '../../types/seal.js'
import type { Problem } from '../../types/session.js'
import type { OpenedValue, Sealing } from '../cookie/sealed-values.js'
import type { Settings } from '../definition/definition.js'
import type { ForeignSeal } from '../definition/foreign-seal.js'
import { ConfigError, CookieSizeError } from '../errors.js'
import { readGob } from '../go/gob-reader.js'
import { gobOfText } from '../go/gob-writer.js'
import { IV_BYTES, type KeyPair, openSecureCookie, pairsOf, sealSecureCookie } from '../go/securecookie.js'
import { type Serializer, serializerFor } from '../go/serializer.js'
import { parseRecord, type SessionRecord } from '../records/record.js'
import { isStoreId, type Ticket } from '../records/ticket.js'
import { isObject, otherOption } from '../util/objects.js'

export interface GoSecureCookieOptions extends SharedWithGo {
  /**
   * The keys in the order of securecookie's `CodecsFromPairs`: hash key, block key, older hash key, …; each a text (of
   * which the UTF-8 bytes are used) or bytes. The first pair seals, and every pair opens.
   */
  readonly pairs: readonly (string | Uint8Array | undefined)[]
  /** How long a cookie is valid, in seconds; 0 for no limit. Use the value of the Go app's codecs. Default: 30 days. */
  readonly maxAge?: number
  /**
   * The most characters that a cookie's value may have; 0 for no limit. Use the value of the Go app's codecs. Default:
   * 4096.
   */
  readonly maxLength?: number
}

const WHO = 'goSecureCookie()'
const OPTIONS = ['pairs', 'maxAge', 'maxLength', 'serializer', 'types', 'flashes']
const MONTH = 30 * 24 * 60 * 60

/**
 * Seals a session's cookie as Go's gorilla/securecookie does, so that a Go app can read and change it. With the cookie
 * store the cookie holds the whole session: as securecookie's `JSONEncoder` encodes a map (the default), or with
 * `serializer: 'gob'` as the `CookieStore` of gorilla/sessions encodes it. With a record store the cookie holds the
 * session's id; with `goRedistore()`, of `fastify-sessions/stores/redistore`, the records are shared too.
 *
 * @throws FST_SESSIONS_CONFIG when an option can't work
 * @example
 * shop: { schema, cookie: { name: 'shop' }, seal: goSecureCookie({ pairs: [hashKey, blockKey] }) }
 */
export function goSecureCookie(options: GoSecureCookieOptions): CookieSeal {
  if (!isObject(options)) refuse(`expected an object of options, got ${typeof options}`)
  const other = otherOption(options, OPTIONS)
  if (other !== undefined) refuse(other)
  const { maxAge = MONTH, maxLength = 4096, serializer = 'json' } = options
  for (const [name, value] of Object.entries({ maxAge, maxLength })) {
    if (!Number.isSafeInteger(value) || value < 0) refuse(`${name}: expected a whole number, 0 or more`)
  }
  const shared = serializerFor({ ...options, serializer }, refuse, '\n')
  return new GoSeal(pairsOf(WHO, options.pairs), { maxAge, maxLength }, options, shared)
}

function refuse(reason: string): never {
  throw new ConfigError(`${WHO}: ${reason}`)
}

interface Limits {
  readonly maxAge: number
  readonly maxLength: number
}

class GoSeal implements ForeignSeal {
  readonly kind = 'seal'
  readonly #pairs: readonly KeyPair[]
  readonly #limits: Limits
  readonly #options: GoSecureCookieOptions
  readonly #serializer: Serializer

  constructor(pairs: readonly KeyPair[], limits: Limits, options: GoSecureCookieOptions, serializer: Serializer) {
    this.#pairs = pairs
    this.#limits = limits
    this.#options = options
    this.#serializer = serializer
  }

  records(settings: Settings): Sealing<SessionRecord> {
    return new SealedSessions(this.#codecFor(settings), this.#serializer, settings)
  }

  tickets(settings: Settings): Sealing<Ticket> {
    const option = (['serializer', 'types', 'flashes'] as const).find((name) => this.#options[name] !== undefined)
    if (option !== undefined)
      refuseFor(settings, `${option} is for the cookie store: here the cookie holds an id alone`)
    return new SealedIds(this.#codecFor(settings), settings)
  }

  #codecFor(settings: Settings): Codec {
    const { idle, cookie } = settings
    if (cookie.names.length > 1) refuseFor(settings, 'chunks: Go reads one cookie')
    if (this.#limits.maxAge > 0 && idle > this.#limits.maxAge * 1000) {
      refuseFor(settings, `idle is longer than its maxAge of ${this.#limits.maxAge} s, after which Go takes no cookie`)
    }
    return new Codec(settings.name, cookie.name, this.#pairs, this.#limits)
  }
}

function refuseFor({ name }: Settings, reason: string): never {
  throw new ConfigError(`session "${name}": ${WHO}: ${reason}`)
}

/** The result of opening a cookie's value. */
interface Read<T> {
  readonly content: T
  /** When the value was sealed, in seconds since the epoch. */
  readonly madeAt: number
  /** When Go stops accepting the value, in ms since the epoch. */
  readonly ends: number
  /** Whether an older pair of keys sealed it. */
  readonly isStale: boolean
  readonly problem?: undefined
}

/** The securecookie codec for the cookie of one name. */
class Codec {
  readonly #session: string
  readonly #name: string
  readonly #pairs: readonly KeyPair[]
  readonly #limits: Limits

  constructor(session: string, name: string, pairs: readonly KeyPair[], limits: Limits) {
    this.#session = session
    this.#name = name
    this.#pairs = pairs
    this.#limits = limits
  }

  /**
   * Opens a value.
   * @param parse Returns `undefined` for content of another form; then the next pair is tried, as Go does.
   */
  open<T>(value: string, parse: (content: Buffer) => T | undefined): Read<T> | { readonly problem: Problem } {
    const { maxAge, maxLength } = this.#limits
    if (maxLength > 0 && value.length > maxLength) return { problem: 'too-large' }
    const all = openSecureCookie(this.#name, value, this.#pairs)
    for (const { content: bytes, madeAt, pair } of all) {
      const content = parse(bytes)
      if (content === undefined) continue
      // Go counts whole seconds, and accepts a cookie until the end of the last one.
      const ends = maxAge === 0 ? Number.POSITIVE_INFINITY : (madeAt + maxAge + 1) * 1000
      return { content, madeAt, ends, isStale: pair !== this.#pairs[0] }
    }
    return { problem: all.length > 0 ? 'malformed' : 'bad-seal' }
  }

  /**
   * Seals content with the first pair.
   * @throws FST_SESSIONS_COOKIE_SIZE when the value is longer than `maxLength`, so that Go would neither make nor
   * accept it
   */
  seal(content: Buffer, madeAt: number): string {
    const { maxLength } = this.#limits
    const making = { madeAt, iv: randomBytes(IV_BYTES) }
    const value = sealSecureCookie(this.#name, content, this.#pairs[0] as KeyPair, making)
    if (maxLength === 0 || value.length <= maxLength) return value
    throw new CookieSizeError(
      this.#session,
      `its cookie's value has ${value.length} bytes, and ${WHO} allows ${maxLength}: keep less in it, or use a record store`
    )
  }
}

/** Seals the whole session into the cookie, for the cookie store. */
class SealedSessions implements Sealing<SessionRecord> {
  readonly #codec: Codec
  readonly #serializer: Serializer
  readonly #settings: Settings

  constructor(codec: Codec, serializer: Serializer, settings: Settings) {
    this.#codec = codec
    this.#serializer = serializer
    this.#settings = settings
  }

  open(value: string): OpenedValue<SessionRecord> {
    const read = this.#codec.open(value, (content) => this.#serializer.read(content))
    if (read.problem !== undefined) return read
    const { content: session, madeAt, ends, isStale } = read
    const held = session.record({ c: madeAt * 1000 })
    const record = typeof held === 'string' ? undefined : parseRecord(JSON.stringify(held))
    if (record === undefined) return { problem: 'malformed' }
    const isOurs = session.mark === String(madeAt)
    const content = {
      ...record,
      e: Math.min(ends, (isOurs ? record.e : undefined) ?? this.#endAfterUse(record, madeAt))
    }
    return { text: JSON.stringify(content), content, isStale, cachedValue: value }
  }

  seal(text: string, _content: SessionRecord | undefined, replaced?: string): string {
    const madeAt = Math.floor(Date.now() / 1000)
    const before = replaced === undefined ? undefined : this.#bytesOf(replaced)
    return this.#codec.seal(this.#serializer.write(text, String(madeAt), before), madeAt)
  }

  close(): void {}

  /** Returns the idle end, counted from the moment at which Go wrote the session, because that was a use of it. */
  #endAfterUse({ m }: SessionRecord, madeAt: number): number {
    return madeAt * 1000 + (typeof m === 'number' ? m * 1000 : this.#settings.idle)
  }

  #bytesOf(value: string): Buffer | undefined {
    const read = this.#codec.open(value, (content) => content)
    return read.problem === undefined ? read.content : undefined
  }
}

/** Seals the session's id in the store into the cookie, for record stores. Go's stores look the session up by it. */
class SealedIds implements Sealing<Ticket> {
  readonly #codec: Codec
  readonly #settings: Settings

  constructor(codec: Codec, settings: Settings) {
    this.#codec = codec
    this.#settings = settings
  }

  open(value: string): OpenedValue<Ticket> {
    const now = Date.now()
    const read = this.#codec.open(value, (content) => {
      const id = readGob(content)
      return isStoreId(id) ? id : undefined
    })
    if (read.problem !== undefined) return read
    const { content: id, madeAt, ends, isStale } = read
    if (ends <= now) return { problem: 'expired' }
    // The time of sealing is the only date in the cookie. The record says when the session began and when it ends.
    const isDue = now - madeAt * 1000 >= this.#settings.touchAfter
    const ticket = { secret: id, id, createdAt: madeAt * 1000 + 999, expires: LAST_MOMENT }
    return { text: id, content: ticket, isStale: isStale || isDue, cachedValue: undefined }
  }

  seal(_text: string, ticket: Ticket | undefined): string {
    return this.#codec.seal(gobOfText((ticket as Ticket).id), Math.floor(Date.now() / 1000))
  }

  close(): void {}
}

/**
 * The end of every ticket, in ms since the epoch. It keeps the cookie from being renewed because of its end, which it
 * does not contain.
 */
const LAST_MOMENT = 8.64e15
