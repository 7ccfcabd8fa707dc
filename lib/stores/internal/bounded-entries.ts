import { EndHeap, type Ending } from './end-heap.js'
import { firstBehind } from './pages.js'

/** One record in memory. */
export class Entry implements Ending {
  readonly id: string
  text: string
  bytes: number
  version: number
  expires: number
  place = -1
  /** Neighbours in the ring of entries, which stands in the order of their last use. */
  older: Entry = this
  newer: Entry = this

  constructor(id: string, text: string, bytes: number, version: number, expires: number) {
    this.id = id
    this.text = text
    this.bytes = bytes
    this.version = version
    this.expires = expires
  }
}

/**
 * Entries by id, bounded by count and by bytes. Knows at once which is unused for longest and which ends first.
 * An entry whose end has passed is never found.
 */
export class BoundedEntries {
  readonly #maxCount: number
  readonly #maxBytes: number
  #shards = emptyShards()
  #ends = new EndHeap<Entry>()
  /** Where the ring is open: the entry used last is its `older`, the one unused for longest its `newer`. */
  #anchor = new Entry('', '', 0, 0, 0)
  /** Those that still hold the text as they were given it, each in the place that its id says. */
  #given: (Entry | undefined)[] = []
  #count = 0
  #bytes = 0
  #onEvict: ((id: string) => void) | undefined

  constructor(maxCount: number, maxBytes: number) {
    this.#maxCount = maxCount
    this.#maxBytes = maxBytes
  }

  /** Whoever is told the ids of live entries that are dropped to make room. */
  onEvict(listener: (id: string) => void): void {
    this.#onEvict = listener
  }

  /** The live entry of this id, which counts as used now. */
  use(id: string): Entry | undefined {
    const entry = shardOf(this.#shards, id).get(id)
    if (entry === undefined) return undefined
    if (entry.expires <= Date.now()) {
      this.drop(entry)
      return undefined
    }
    // Who writes has just read.
    if (this.#anchor.older !== entry) {
      unlink(entry)
      link(entry, this.#anchor)
    }
    return entry
  }

  /** The same, which does not count as use. */
  peek(id: string): Entry | undefined {
    const entry = shardOf(this.#shards, id).get(id)
    return entry !== undefined && entry.expires > Date.now() ? entry : undefined
  }

  /** The first ids behind `after`, some of which may have ended. */
  idsBehind(after: string | undefined, most: number): readonly string[] {
    const ids: string[] = []
    for (const letter of LETTERS) {
      if (after !== undefined && letter < after.slice(0, 1)) continue
      const own = [...shardOf(this.#shards, letter).keys()].filter((id) => id.startsWith(letter))
      ids.push(...firstBehind(own, after, most - ids.length))
      if (ids.length === most) break
    }
    return ids
  }

  /** Adds an entry whose id has none, and drops others if that takes more than there is. */
  add(id: string, text: string, version: number, expires: number): void {
    const bytes = this.#bytesOf(text)
    const entry = new Entry(ownText(id), ownText(text), bytes, version, expires)
    shardOf(this.#shards, id).set(entry.id, entry)
    this.#ends.add(entry)
    link(entry, this.#anchor)
    this.#count++
    this.#bytes += bytes
    this.#makeRoom()
  }

  /** Replaces what an entry, just used, holds. */
  rewrite(entry: Entry, text: string, version: number, expires: number): void {
    const bytes = this.#bytesOf(text)
    this.#bytes += bytes - entry.bytes
    entry.text = text
    entry.bytes = bytes
    entry.version = version
    this.#putOffCopy(entry)
    this.move(entry, expires)
    this.#makeRoom()
  }

  move(entry: Entry, expires: number): void {
    entry.expires = expires
    this.#ends.moved(entry)
  }

  drop(entry: Entry): void {
    shardOf(this.#shards, entry.id).delete(entry.id)
    this.#ends.remove(entry)
    unlink(entry)
    const place = placeOfGiven(entry.id)
    if (this.#given[place] === entry) this.#given[place] = undefined
    this.#count--
    this.#bytes -= entry.bytes
  }

  /** Drops up to `limit` entries whose end has passed; returns how many. */
  dropExpired(limit: number): number {
    const now = Date.now()
    let dropped = 0
    for (let first = this.#ends.first; dropped < limit && first && first.expires <= now; first = this.#ends.first) {
      this.drop(first)
      dropped++
    }
    return dropped
  }

  clear(): void {
    this.#shards = emptyShards()
    this.#ends = new EndHeap()
    this.#anchor = new Entry('', '', 0, 0, 0)
    this.#given = []
    this.#count = 0
    this.#bytes = 0
  }

  /** Refused before anything else is touched: one giant must not push everyone out and then not fit either. */
  #bytesOf(text: string): number {
    const bytes = bytesPerRecord + text.length * (isWide(text) ? 2 : 1)
    if (bytes <= this.#maxBytes) return bytes
    throw new RangeError(
      `memory store: a record of about ${bytes} bytes is beyond maxBytes, which is ${this.#maxBytes}`
    )
  }

  /**
   * The copy of a text takes a tenth of a request, and most texts are replaced soon: it is made when another record needs
   * the place.
   */
  #putOffCopy(entry: Entry): void {
    const place = placeOfGiven(entry.id)
    const other = this.#given[place]
    if (other === entry) return
    if (other !== undefined) other.text = ownText(other.text)
    this.#given[place] = entry
  }

  #evict(entry: Entry): void {
    this.drop(entry)
    this.#onEvict?.(entry.id)
  }

  #makeRoom(): void {
    while (this.#count > this.#maxCount || this.#bytes > this.#maxBytes) {
      if (this.dropExpired(1) === 0) this.#evict(this.#anchor.newer)
    }
  }
}

/**
 * What V8 keeps for a record besides the characters of its text: the id, the string headers, the entry, the boxed end,
 * and its share of the map and the heap. Measured from 220 in a store that only grew to 330 in one that has been full for
 * long.
 */
const bytesPerRecord = 280

const beyondLatin1 = /[^\0-\xff]/

function isWide(text: string): boolean {
  return beyondLatin1.test(text)
}

/** A string passes through here to get memory of its own, unless it is longer. */
const passage = Buffer.allocUnsafeSlow(16384)

/**
 * The same string in memory of its own. A string that was cut out of another keeps all of the other alive, one that
 * was put together keeps its parts, and an old two-byte string stays twice as long as it has to be.
 */
function ownText(text: string): string {
  const encoding = isWide(text) ? 'utf16le' : 'latin1'
  const length = Buffer.byteLength(text, encoding)
  const buffer = length <= passage.length ? passage : Buffer.allocUnsafe(length)
  buffer.write(text, encoding)
  return buffer.toString(encoding, 0, length)
}

/**
 * A Map is rebuilt as a whole whenever it is full, which takes hundreds of milliseconds at a million entries. Sixty-four
 * Maps are rebuilt one at a time. The first letter of an id is as random as any.
 */
/** Those of base64url, in their order: what ids begin with. */
const LETTERS = Array.from('-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz')

function emptyShards(): readonly Map<string, Entry>[] {
  return Array.from({ length: 64 }, () => new Map())
}

function shardOf(shards: readonly Map<string, Entry>[], id: string): Map<string, Entry> {
  return shards[id.charCodeAt(0) & 63] as Map<string, Entry>
}

/** One of 256. Letters two and three of an id are as random as the first. */
function placeOfGiven(id: string): number {
  return (4 * id.charCodeAt(1) + id.charCodeAt(2)) & 255
}

/** Puts an entry before the anchor. The ring, unlike a Map's own order, moves an entry without a rebuild. */
function link(entry: Entry, anchor: Entry): void {
  entry.older = anchor.older
  entry.newer = anchor
  anchor.older.newer = entry
  anchor.older = entry
}

/** Leaves no pointer in the entry: one that was dropped would keep its former neighbours alive for a while. */
function unlink(entry: Entry): void {
  entry.older.newer = entry.newer
  entry.newer.older = entry.older
  entry.older = entry
  entry.newer = entry
}
