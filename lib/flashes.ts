import type { ValueCodec } from './codec.js'
import { copyOf } from './json.js'
import type { FlashRecord } from './record.js'

/** Messages stored under a kind, and the number of the first: one that was taken is told from its equals by its number. */
type Stored = readonly [number, ...unknown[]]

/** The flash messages of one session during one request, and what the request did to them. */
export class Flashes {
  readonly #codecs: ReadonlyMap<string, ValueCodec>
  #stored: FlashRecord
  /** By kind, the number up to which messages were taken. */
  readonly #taken = new Map<string, number>()
  readonly #added = new Map<string, unknown[]>()
  #isCleared = false
  /** How many of the added messages the save under way holds, by kind. */
  #saving: ReadonlyMap<string, number> = new Map()

  constructor(codecs: ReadonlyMap<string, ValueCodec>, stored: FlashRecord) {
    this.#codecs = codecs
    this.#stored = stored
  }

  get isDirty(): boolean {
    return this.#isCleared || this.#taken.size > 0 || this.#added.size > 0
  }

  /** `encoded` is the message's stored form. */
  add(kind: string, encoded: unknown): void {
    const added = this.#added.get(kind)
    if (added) added.push(encoded)
    else this.#added.set(kind, [encoded])
  }

  kinds(): string[] {
    const known = new Set([...Object.keys(this.#present()), ...this.#added.keys()])
    return [...this.#codecs.keys()].filter((kind) => known.has(kind))
  }

  peek(kind: string): unknown[] {
    const [, ...stored] = stripTaken(this.#own(kind), this.#taken.get(kind))
    return this.#decode(kind, [...stored, ...(this.#added.get(kind) ?? [])])
  }

  take(kind: string): unknown[] {
    const messages = this.peek(kind)
    const stored = this.#own(kind)
    if (stored.length > 1) this.#taken.set(kind, stored[0] + stored.length - 1)
    this.#added.delete(kind)
    return messages
  }

  clear(): void {
    this.#isCleared = true
    this.#taken.clear()
    this.#added.clear()
  }

  /** What is to be stored, given what is stored now. */
  applyTo(stored: FlashRecord, now: number): FlashRecord | undefined {
    // Without a prototype, so that a kind may be named like a member of every object.
    const result: Record<string, Stored> = Object.assign(Object.create(null), this.#isCleared ? undefined : stored)
    for (const [kind, until] of this.#taken) {
      const left = stripTaken(result[kind] ?? [0], until)
      if (left.length > 1) result[kind] = left
      else delete result[kind]
    }
    for (const [kind, messages] of this.#added) {
      // A kind without messages is not stored: the clock gives numbers above all that were used before.
      result[kind] = [...(result[kind] ?? ([now] as const)), ...messages]
    }
    return Object.keys(result).length > 0 ? result : undefined
  }

  encoded(now: number): FlashRecord | undefined {
    this.#saving = new Map([...this.#added].map(([kind, messages]) => [kind, messages.length]))
    return this.applyTo(this.#stored, now)
  }

  copy(): Flashes {
    const copy = new Flashes(this.#codecs, this.#stored)
    for (const [kind, until] of this.#taken) copy.#taken.set(kind, until)
    for (const [kind, messages] of this.#added) copy.#added.set(kind, [...messages])
    copy.#isCleared = this.#isCleared
    return copy
  }

  /** Goes on from what another request stored, with this request's changes kept. */
  rebase(stored: FlashRecord): void {
    this.#stored = stored
  }

  /** What is stored now holds all changes that were there when it was encoded. */
  settle(stored: FlashRecord): void {
    this.#stored = stored
    this.#taken.clear()
    this.#isCleared = false
    for (const [kind, count] of this.#saving) {
      const left = this.#added.get(kind)?.slice(count) ?? []
      if (left.length > 0) this.#added.set(kind, left)
      else this.#added.delete(kind)
    }
  }

  #present(): FlashRecord {
    return this.#isCleared ? {} : this.#stored
  }

  #own(kind: string): Stored {
    const present = this.#present()
    return Object.hasOwn(present, kind) ? (present[kind] as Stored) : [0]
  }

  /** A message that no longer fits its schema is left out: a deploy must not break the page that shows it. */
  #decode(kind: string, messages: readonly unknown[]): unknown[] {
    const codec = this.#codecs.get(kind)
    if (codec === undefined) return []
    return messages.flatMap((message) => {
      // Some schemas hand on the very object that they are given.
      const decoded = codec.decode(copyOf(message))
      return decoded.issues ? [] : [decoded.value]
    })
  }
}

function stripTaken([number, ...messages]: Stored, until = 0): Stored {
  const taken = Math.min(Math.max(until - number, 0), messages.length)
  return [number + taken, ...messages.slice(taken)]
}
