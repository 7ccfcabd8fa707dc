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
  /** The neighbours in the ring of entries, which is ordered by last use. */
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
 * Entries by id, bounded by count and by bytes. The least recently used entry and the one that expires first are both
 * found without a search. An expired entry is never returned.
 */
export class BoundedEntries {
  readonly #maxCount: number
  readonly #maxBytes: number
  #shards = emptyShards()
  #ends = new EndHeap<Entry>()
  /** The start and end of the ring: `older` is the entry used last, `newer` the least recently used one. */
  #anchor = new Entry('', '', 0, 0, 0)
  /**
   * Entries whose text was not copied yet (see `#putOffCopy`), each at the index that `placeOfGiven` derives from its
   * id.
   */
  #given: (Entry | undefined)[] = []
  #count = 0
  #bytes = 0
  #onEvict: ((id: string) => void) | undefined

  constructor(maxCount: number, maxBytes: number) {
    this.#maxCount = maxCount
    this.#maxBytes = maxBytes
  }

  /**
   * Sets the listener that is called with the id of each live entry that is evicted. There is one listener at a time.
   */
  onEvict(listener: (id: string) => void): void {
    this.#onEvict = listener
  }

  /** Returns the live entry with this id, and marks it as used now. */
  use(id: string): Entry | undefined {
    const entry = shardOf(this.#shards, id).get(id)
    if (entry === undefined) return undefined
    if (entry.expires <= Date.now()) {
      this.drop(entry)
      return undefined
    }
    // A request that writes has just read, so the entry is often the most recent one already.
    if (this.#anchor.older !== entry) {
      unlink(entry)
      link(entry, this.#anchor)
    }
    return entry
  }

  /** Returns the live entry with this id, and does not mark it as used. */
  peek(id: string): Entry | undefined {
    const entry = shardOf(this.#shards, id).get(id)
    return entry !== undefined && entry.expires > Date.now() ? entry : undefined
  }

  /** Returns up to `most` ids that sort after `after`, in order. Some of them may have expired. */
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

  /**
   * Adds an entry. The id must not have one yet. Other entries are dropped if the new one exceeds a bound.
   *
   * @throws RangeError when the text alone is larger than `maxBytes`
   */
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

  /**
   * Replaces the contents of an entry, which `use` has just returned.
   *
   * @throws RangeError when the text alone is larger than `maxBytes`
   */
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

  /**
   * Estimates the heap that an entry with this text takes. A text that can never fit is refused before any entry is
   * dropped, so that one huge record does not evict all others in vain.
   *
   * @throws RangeError when the result exceeds `maxBytes`
   */
  #bytesOf(text: string): number {
    const bytes = bytesPerRecord + text.length * (isWide(text) ? 2 : 1)
    if (bytes <= this.#maxBytes) return bytes
    throw new RangeError(
      `memory store: a record of about ${bytes} bytes is beyond maxBytes, which is ${this.#maxBytes}`
    )
  }

  /**
   * Postpones the copy of the text (see `ownText`) until another entry claims the same place in `#given`. The copy is a
   * noticeable part of a request's cost, and most texts are replaced before it would be needed.
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
 * The bytes that V8 keeps for a record besides the characters of its text: the id, the string headers, the entry, the
 * boxed `expires`, and its share of the map and the heap. `bench/parts/memory-bytes.js` measures it: 220 in a store
 * that only grew, up to 330 in one that has been full for a long time.
 */
const bytesPerRecord = 280

const beyondLatin1 = /[^\0-\xff]/

function isWide(text: string): boolean {
  return beyondLatin1.test(text)
}

/** The buffer through which `ownText` copies strings of up to this many bytes. */
const passage = Buffer.allocUnsafeSlow(16384)

/**
 * Returns a copy of a string that shares no memory with another string. Without it, a slice keeps the whole string that
 * it was cut from alive, a concatenation keeps its parts, and a text of Latin-1 characters that was cut out of a
 * two-byte string takes twice the memory that it needs.
 */
function ownText(text: string): string {
  const encoding = isWide(text) ? 'utf16le' : 'latin1'
  const length = Buffer.byteLength(text, encoding)
  const buffer = length <= passage.length ? passage : Buffer.allocUnsafe(length)
  buffer.write(text, encoding)
  return buffer.toString(encoding, 0, length)
}

/** The characters of base64url in the order of their codes: the possible first characters of an id. */
const LETTERS = Array.from('-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz')

/**
 * Entries are spread over sixty-four Maps by the first character of their id, which is uniformly random. V8 rebuilds a
 * whole Map whenever it is full, which takes hundreds of milliseconds for a million entries; small Maps are rebuilt one
 * at a time.
 */
function emptyShards(): readonly Map<string, Entry>[] {
  return Array.from({ length: 64 }, () => new Map())
}

function shardOf(shards: readonly Map<string, Entry>[], id: string): Map<string, Entry> {
  return shards[id.charCodeAt(0) & 63] as Map<string, Entry>
}

/** Maps an id to one of 256 places, by its second and third characters, which are as random as the first. */
function placeOfGiven(id: string): number {
  return (4 * id.charCodeAt(1) + id.charCodeAt(2)) & 255
}

/**
 * Inserts an entry as the most recently used one. A linked ring moves an entry cheaply; a Map would need a delete and
 * an insert, and would be rebuilt again and again.
 */
function link(entry: Entry, anchor: Entry): void {
  entry.older = anchor.older
  entry.newer = anchor
  anchor.older.newer = entry
  anchor.older = entry
}

/**
 * Takes an entry out of the ring, and resets its pointers: a dropped entry would otherwise keep its former neighbours
 * alive.
 */
function unlink(entry: Entry): void {
  entry.older.newer = entry.newer
  entry.newer.older = entry.older
  entry.older = entry
  entry.newer = entry
}
