import type { FlashRecord } from '../records/record.js'
import type { ValueCodec } from '../schema/codec.js'
import { copyOf } from '../schema/json.js'
import { RandomPieces } from '../util/random.js'
import { Journal } from './journal.js'

/**
 * A message with a name that identifies it among equal messages, so that taking one removes only that. Names are
 * random: two requests that know nothing of each other must not choose the same name, whatever their clocks say.
 */
type Message = readonly [name: string, encoded: unknown]

/** What a request did to messages, by kind. */
interface Changes {
  readonly isCleared: boolean
  /** The names of the messages that were taken. */
  readonly taken: ReadonlyMap<string, ReadonlySet<string>>
  readonly added: ReadonlyMap<string, readonly Message[]>
}

/** The flash messages of one session during one request, and what the request did to them. */
export class Flashes {
  readonly #codecs: ReadonlyMap<string, ValueCodec>
  #stored: FlashRecord
  #journal: Journal<Changes>

  constructor(codecs: ReadonlyMap<string, ValueCodec>, stored: FlashRecord, unsaved?: Changes) {
    this.#codecs = codecs
    this.#stored = stored
    this.#journal = new Journal(joined, unsaved)
  }

  get isDirty(): boolean {
    return this.#journal.all !== undefined
  }

  /** How many kinds have messages that were added or taken. */
  get changedKinds(): number {
    const { taken, added } = this.#journal.all ?? NOTHING
    return new Set([...taken.keys(), ...added.keys()]).size
  }

  /** Adds a message. @param encoded the message's stored form */
  add(kind: string, encoded: unknown): void {
    const { isCleared, taken, added } = this.#journal.since ?? NOTHING
    const messages: readonly Message[] = [...(added.get(kind) ?? []), [newName(), encoded]]
    this.#journal.since = { isCleared, taken, added: new Map(added).set(kind, messages) }
  }

  kinds(): string[] {
    const present = this.#present()
    return [...this.#codecs.keys()].filter((kind) => Object.hasOwn(present, kind))
  }

  peek(kind: string): unknown[] {
    return this.#decode(kind, this.#messages(kind))
  }

  take(kind: string): unknown[] {
    const messages = this.#messages(kind)
    if (messages.length > 0) this.#strip(kind, messages)
    return this.#decode(kind, messages)
  }

  clear(): void {
    this.#journal.since = { ...NOTHING, isCleared: true }
  }

  /** Returns the names of a kind's messages. The kind need not be defined. */
  names(kind: string): string[] {
    return this.#messages(kind).map(nameOf)
  }

  /**
   * Returns the stored form of the message with this name, which must not be handed out; `undefined` if there is none.
   */
  named(kind: string, name: string): unknown {
    return this.#messages(kind).find(([other]) => other === name)?.[1]
  }

  /** Sets the message with this name; `undefined` removes it. */
  put(kind: string, name: string, encoded: unknown): void {
    const { isCleared, taken, added } = this.#journal.since ?? NOTHING
    const others = added.get(kind)?.filter(([other]) => other !== name) ?? []
    const messages: readonly Message[] = encoded === undefined ? others : [...others, [name, encoded]]
    this.#journal.since = {
      isCleared,
      taken: new Map(taken).set(kind, new Set([...(taken.get(kind) ?? []), name])),
      added: new Map(added).set(kind, messages)
    }
  }

  /** Returns the messages to store. */
  encoded(): FlashRecord | undefined {
    const result = applied(this.#stored, this.#journal.hold())
    return Object.keys(result).length > 0 ? result : undefined
  }

  copy(): Flashes {
    return new Flashes(this.#codecs, this.#stored, this.#journal.all)
  }

  /** Takes up the messages that another request stored, and keeps this request's changes. */
  rebase(stored: FlashRecord): void {
    this.#stored = stored
  }

  /** Notes that `stored` is stored now. It includes all changes that were present when it was encoded. */
  markSaved(stored: FlashRecord): void {
    this.#stored = stored
    this.#journal.release()
  }

  #present(): FlashRecord {
    return applied(this.#stored, this.#journal.all)
  }

  #messages(kind: string): readonly Message[] {
    const present = this.#present()
    return Object.hasOwn(present, kind) ? messagesOf(present[kind]) : []
  }

  /**
   * Removes messages. One that this request added and never saved simply disappears; any other is noted as taken from
   * the stored messages.
   */
  #strip(kind: string, messages: readonly Message[]): void {
    const { isCleared, taken, added } = this.#journal.since ?? NOTHING
    const fresh = new Set(added.get(kind)?.map(nameOf))
    const names = messages.map(nameOf).filter((name) => !fresh.has(name))
    const left = new Map(added)
    left.delete(kind)
    const changes: Changes = {
      isCleared,
      taken: names.length > 0 ? new Map(taken).set(kind, new Set([...(taken.get(kind) ?? []), ...names])) : taken,
      added: left
    }
    const isNothing = !isCleared && changes.taken.size === 0 && left.size === 0
    this.#journal.since = isNothing ? undefined : changes
  }

  /**
   * Decodes messages, and leaves out those that no longer fit their schema: a deploy must not break the page that shows
   * them.
   */
  #decode(kind: string, messages: readonly Message[]): unknown[] {
    const codec = this.#codecs.get(kind)
    if (codec === undefined) return []
    return messages.flatMap(([, message]) => {
      // Some schemas return the same object that they are given.
      const decoded = codec.decode(copyOf(message))
      return decoded.issues ? [] : [decoded.value]
    })
  }
}

const NOTHING: Changes = { isCleared: false, taken: new Map(), added: new Map() }

/**
 * The length of a message's name: 36 bits. It only has to be unique among the messages of one kind that exist at one
 * time, and each byte travels with every request.
 */
const NAME_LENGTH = 6
let names: RandomPieces | undefined

function newName(): string {
  names ??= new RandomPieces(6)
  return names.next().slice(0, NAME_LENGTH)
}

function nameOf([name]: Message): string {
  return name
}

function joined(first: Changes, second: Changes): Changes {
  const taken = new Map(first.taken)
  for (const [kind, names] of second.taken) taken.set(kind, new Set([...(taken.get(kind) ?? []), ...names]))
  const added = new Map<string, readonly Message[]>()
  for (const kind of new Set([...first.added.keys(), ...second.added.keys()])) {
    const left = first.added.get(kind)?.filter(([name]) => !second.taken.get(kind)?.has(name)) ?? []
    const messages = [...left, ...(second.added.get(kind) ?? [])]
    if (messages.length > 0) added.set(kind, messages)
  }
  return { isCleared: first.isCleared, taken, added }
}

function applied(stored: FlashRecord, changes: Changes | undefined): FlashRecord {
  if (changes === undefined) return stored
  const { isCleared, taken, added } = changes
  // Without a prototype, so that a kind may have the name of a member of `Object.prototype`.
  const result: Record<string, readonly unknown[]> = Object.assign(Object.create(null), isCleared ? undefined : stored)
  for (const kind of new Set([...taken.keys(), ...added.keys()])) {
    const messages = changed(messagesOf(result[kind]), taken.get(kind), added.get(kind))
    if (messages.length > 0) result[kind] = messages.flat()
    else delete result[kind]
  }
  return result
}

/**
 * Applies changes to the messages of one kind. An added message may already be stored, by a save whose result never
 * arrived.
 */
function changed(
  messages: readonly Message[],
  taken: ReadonlySet<string> | undefined,
  added: readonly Message[] = []
): readonly Message[] {
  const left = messages.filter(([name]) => !taken?.has(name))
  const present = new Set(left.map(nameOf))
  return [...left, ...added.filter(([name]) => !present.has(name))]
}

/**
 * Parses the stored messages of a kind: names and messages in turn. A list that starts with a number is of an older
 * format: the number names its first message, and the messages follow without names.
 */
function messagesOf(stored: readonly unknown[] = []): readonly Message[] {
  const [first] = stored
  if (typeof first === 'number') return stored.slice(1).map((message, index) => [`${first + index}`, message])
  const messages: Message[] = []
  for (let at = 0; at + 1 < stored.length; at += 2) messages.push([`${stored[at]}`, stored[at + 1]])
  return messages
}
