import type { FlashRecord } from '../records/record.js'
import type { ValueCodec } from '../schema/codec.js'
import { copyOf } from '../schema/json.js'
import { RandomPieces } from '../util/random.js'
import { Journal } from './journal.js'

/**
 * A message and its name, by which one that was taken is told from its equals. Names are random: two requests that know
 * nothing of each other must not choose the same one, whatever their clocks say.
 */
type Message = readonly [name: string, encoded: unknown]

/** What a request did, by kind. */
interface Changes {
  readonly isCleared: boolean
  /** Names of messages. */
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

  /** Of how many kinds messages were added or taken. */
  get changedKinds(): number {
    const { taken, added } = this.#journal.all ?? NOTHING
    return new Set([...taken.keys(), ...added.keys()]).size
  }

  /** `encoded` is the message's stored form. */
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

  /** The names of the messages of a kind, defined or not. */
  names(kind: string): string[] {
    return this.#messages(kind).map(nameOf)
  }

  /** The stored form of a message, not to be handed out; `undefined` when there is none of the name. */
  named(kind: string, name: string): unknown {
    return this.#messages(kind).find(([other]) => other === name)?.[1]
  }

  /** Sets the message of a name; `undefined` removes it. */
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

  /** What is to be stored. */
  encoded(): FlashRecord | undefined {
    const result = applied(this.#stored, this.#journal.hold())
    return Object.keys(result).length > 0 ? result : undefined
  }

  copy(): Flashes {
    return new Flashes(this.#codecs, this.#stored, this.#journal.all)
  }

  /** Goes on from what another request stored, with this request's changes kept. */
  rebase(stored: FlashRecord): void {
    this.#stored = stored
  }

  /** What is stored now holds all changes that were there when it was encoded. */
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

  /** What was added and never saved is as if it had never been; all else is to be taken from what is stored. */
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

  /** A message that no longer fits its schema is left out: a deploy must not break the page that shows it. */
  #decode(kind: string, messages: readonly Message[]): unknown[] {
    const codec = this.#codecs.get(kind)
    if (codec === undefined) return []
    return messages.flatMap(([, message]) => {
      // Some schemas hand on the very object that they are given.
      const decoded = codec.decode(copyOf(message))
      return decoded.issues ? [] : [decoded.value]
    })
  }
}

const NOTHING: Changes = { isCleared: false, taken: new Map(), added: new Map() }

/** 36 bits, of which only those of one kind that are about at one time must differ: each byte travels with each request. */
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
  // Without a prototype, so that a kind may be named like a member of every object.
  const result: Record<string, readonly unknown[]> = Object.assign(Object.create(null), isCleared ? undefined : stored)
  for (const kind of new Set([...taken.keys(), ...added.keys()])) {
    const messages = changed(messagesOf(result[kind]), taken.get(kind), added.get(kind))
    if (messages.length > 0) result[kind] = messages.flat()
    else delete result[kind]
  }
  return result
}

/** One that is there already was saved by a save that nobody heard of any more. */
function changed(
  messages: readonly Message[],
  taken: ReadonlySet<string> | undefined,
  added: readonly Message[] = []
): readonly Message[] {
  const left = messages.filter(([name]) => !taken?.has(name))
  const present = new Set(left.map(nameOf))
  return [...left, ...added.filter(([name]) => !present.has(name))]
}

/** A list that begins with a number gives the number of its first message, and the messages without names. */
function messagesOf(stored: readonly unknown[] = []): readonly Message[] {
  const [first] = stored
  if (typeof first === 'number') return stored.slice(1).map((message, index) => [`${first + index}`, message])
  const messages: Message[] = []
  for (let at = 0; at + 1 < stored.length; at += 2) messages.push([`${stored[at]}`, stored[at + 1]])
  return messages
}
