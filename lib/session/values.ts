import type { MergeFunctions } from '../definition/definition.js'
import { type Former, parseRecord, type Written } from '../records/record.js'
import type { Codec, Data, Decoded, Payload } from '../schema/codec.js'
import { isEmpty, sameJson } from '../schema/json.js'
import { append } from '../util/append.js'
import { type Changes, type Deed, joined, note, type Updates } from './changes.js'
import { Journal } from './journal.js'

/** A payload and the data it decodes to. */
export interface Stored {
  readonly payload: Payload
  readonly data: Data
  /** The record that the payload was read from, unless they differ. */
  readonly written?: Written | undefined
}

/** A payload to store, and what its text has in common with the former one. */
export type Encoding =
  | {
      readonly value: Payload
      readonly former?: Former | undefined
      /** Whether all values are as they were parsed, or primitive. */
      readonly isExact: boolean
      readonly issues?: undefined
    }
  | Extract<Decoded<Payload>, { readonly issues: object }>

/** The values of one session during one request, and the changes to them, kept so that they can be replayed. */
export class Values {
  readonly #codec: Codec
  /** What is stored; never handed out. */
  #payload: Payload
  #written: Written | undefined
  /** What handlers see. */
  #data: Data
  /** Made when the first change is: most requests only read. */
  #journal: Journal<Changes> | undefined
  /** The stored form of objects at the time they were handed out; `undefined` where the payload itself can tell. */
  #handedOut: Map<string, string | undefined> | undefined

  constructor(codec: Codec, { payload, data, written }: Stored) {
    this.#codec = codec
    this.#payload = payload
    this.#written = written
    this.#data = data
  }

  /** The keys that were changed. */
  get changed(): readonly string[] {
    return [...(this.#journal?.all?.byKey.keys() ?? []), ...this.#mutated()]
  }

  /** As it is, to look at: what is changed in it is not noticed. */
  get view(): Data {
    return { ...this.#data }
  }

  get isDirty(): boolean {
    return this.#journal?.all !== undefined || this.#mutated().length > 0
  }

  /** Whether `clear()` was called: nothing of what is stored is to be kept. */
  get isCleared(): boolean {
    return this.#journal?.isCleared === true
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#data, key) && this.#data[key] !== undefined
  }

  get(key: string): unknown {
    if (!Object.hasOwn(this.#data, key)) return undefined
    const value = this.#data[key]
    if (typeof value === 'object' && value !== null) this.#handOut(key, value)
    return value
  }

  /** The value for somebody who will set the key: what becomes of the object needs no watching. */
  current(key: string): unknown {
    return own(this.#data, key)
  }

  all(): Data {
    for (const key of Object.keys(this.#data)) this.get(key)
    return { ...this.#data }
  }

  /** `encoded` is the value's stored form. */
  set(key: string, value: unknown, encoded: unknown): void {
    if (value === undefined) this.delete(key)
    else this.#keep(key, 'set', value, encoded)
  }

  delete(key: string): boolean {
    const had = this.has(key)
    const empty = this.#codec.empty()
    if (Object.hasOwn(empty, key)) this.#data[key] = empty[key]
    else delete this.#data[key]
    if (had) this.#change(key, 'deleted')
    return had
  }

  /** `value` is what `change` gave for the present value. Gives what is kept of it. */
  update(key: string, change: (value: unknown) => unknown, value: unknown, encoded: unknown): unknown {
    return this.#keep(key, [change], value, encoded)
  }

  clear(): void {
    this.#data = this.#codec.empty()
    this.#handedOut = undefined
    this.#journal ??= new Journal(joined)
    this.#journal.since = { isCleared: true, byKey: new Map() }
  }

  /** The payload to store; `{}` when no value is left, whatever the schema requires. */
  encode(): Encoding {
    const changes = this.#journal?.hold()
    const payload = { ...this.#base() }
    const changed: string[] = this.#mutated()
    for (const [key, { deed, encoded }] of changes?.byKey ?? []) {
      if (deed === 'deleted') delete payload[key]
      else if (encoded !== undefined) payload[key] = encoded
      else changed.push(key)
    }
    if (changed.length === 0 && isEmpty(payload)) return { value: payload, isExact: true }
    const encoded = this.#codec.encode(this.#data, payload, changed)
    if (encoded.issues) return encoded
    const written = this.#written
    const former = written && { text: written.text, record: written.record, changed }
    // What a migration or the app's `onInvalid` gave is as anybody may have made it.
    const isBaseExact = written !== undefined || isEmpty(this.#base())
    return { value: encoded.value, former, isExact: isBaseExact && changed.length === 0 }
  }

  copy(): Values {
    const copy = new Values(this.#codec, { payload: this.#payload, data: { ...this.#data }, written: this.#written })
    const changes = this.#journal?.all
    copy.#journal = changes && new Journal(joined, { ...changes, byKey: new Map(changes.byKey) })
    copy.#handedOut = this.#handedOut && new Map(this.#handedOut)
    return copy
  }

  /**
   * Takes up what another request stored meanwhile and replays this request's changes on it.
   * @param started what this request started from, read anew
   */
  rebase(started: Stored, theirs: Stored, merge: MergeFunctions): void {
    for (const key of this.#mutated()) this.#change(key, 'set')
    this.#payload = theirs.payload
    this.#written = theirs.written
    this.#handedOut = undefined
    const changes = this.#journal?.hold()
    if (changes?.isCleared) return
    const mine = this.#data
    this.#data = { ...theirs.data }
    for (const [key, { deed }] of changes?.byKey ?? []) {
      const isContested = !sameJson(own(started.payload, key), own(theirs.payload, key))
      if (isContested && Object.hasOwn(merge, key)) {
        const merged = merge[key]?.(own(started.data, key), own(theirs.data, key), own(mine, key))
        this.#data[key] = merged === own(mine, key) ? merged : this.#adopted(key, merged)
        changes?.byKey.set(key, { deed: 'set' })
      } else if (isContested && typeof deed !== 'string' && this.#isResult(key, deed, started, mine)) {
        this.#data[key] = this.#run(key, deed, own(theirs.data, key))
        changes?.byKey.set(key, { deed })
      } else if (Object.hasOwn(mine, key)) {
        this.#data[key] = mine[key]
      } else {
        delete this.#data[key]
      }
    }
  }

  /** No value was changed when what is stored now was encoded: they go on as they were read. */
  markSavedAsRead(): void {
    this.#journal?.release()
  }

  /** What is stored now holds all changes that were there when it was encoded. */
  markSaved(written: Written): void {
    const before = this.#handedOut
    const changes = this.#journal?.held
    this.#payload = written.record.p ?? {}
    this.#written = written
    this.#journal?.release()
    this.#handedOut = undefined
    let objects: string[] = []
    for (const key of before?.keys() ?? []) if (this.#isObject(key)) objects = append(objects, key)
    for (const key of changes?.byKey.keys() ?? []) {
      if (this.#isObject(key) && !before?.has(key)) objects = append(objects, key)
    }
    let stored: Payload | undefined
    for (const key of objects) {
      // Only the text tells what was stored where the payload holds an object that handlers hold too.
      if (!this.#codec.isPlain(key)) stored ??= parseRecord(written.text)?.p ?? {}
      this.#watch(key, before?.get(key), stored)
    }
  }

  #keep(key: string, deed: Deed, value: unknown, encoded: unknown): unknown {
    const kept = this.#fresh(key, value, encoded)
    this.#data[key] = kept
    this.#change(key, deed, typeof kept === 'object' ? undefined : encoded)
    return kept
  }

  /**
   * What the next request will read of a value: what the schema makes of its stored form. Above all it is no object that
   * somebody else holds too, such as a constant of a module, through which users would see each other's changes. Only the
   * object that the session itself gave out stays the same one.
   */
  #fresh(key: string, value: unknown, encoded: unknown): unknown {
    if (typeof value === 'object' && value === own(this.#data, key)) return value
    if (this.#codec.isPlain(key)) return encoded
    const decoded = this.#codec.decodeKey(key, encoded, this.#data)
    return decoded.issues ? value : decoded.value
  }

  /** The same of a value that nobody has checked yet; that it does not fit is told when it is encoded. */
  #adopted(key: string, value: unknown): unknown {
    if (value === undefined) return undefined
    const encoded = this.#codec.encodeKey(key, value)
    return encoded.issues ? value : this.#fresh(key, value, encoded.value)
  }

  #run(key: string, updates: Updates, value: unknown): unknown {
    return updates.reduce((result, update) => this.#adopted(key, update(result)), value)
  }

  #isObject(key: string): boolean {
    return typeof this.#data[key] === 'object' && this.#data[key] !== null
  }

  /** Whether the value is what the updates made of the old one, and nobody changed it by hand after that. */
  #isResult(key: string, updates: Updates, started: Stored, mine: Data): boolean {
    return this.#textOf(key, this.#run(key, updates, own(started.data, key))) === this.#textOf(key, own(mine, key))
  }

  #change(key: string, deed: Deed, encoded?: unknown): void {
    this.#journal ??= new Journal(joined)
    this.#journal.since ??= { isCleared: false, byKey: new Map() }
    note(this.#journal.since.byKey, key, { deed, encoded })
  }

  #isChanged(key: string): boolean {
    return this.#journal?.since?.byKey.has(key) === true || this.#journal?.held?.byKey.has(key) === true
  }

  #base(): Payload {
    return this.isCleared ? {} : this.#payload
  }

  /** Keys that were handed out as objects and look different now, although nobody set them. */
  #mutated(): string[] {
    const mutated: string[] = []
    if (this.#handedOut === undefined) return mutated
    for (const [key, before] of this.#handedOut) {
      if (this.#isChanged(key)) continue
      if (before === undefined && sameJson(this.#data[key], this.#payload[key])) continue
      if (this.#encoded(key) !== (before ?? this.#pristine(key))) mutated.push(key)
    }
    return mutated
  }

  #handOut(key: string, value: object): void {
    if (this.#handedOut?.has(key)) return
    this.#handedOut ??= new Map()
    const payloadTells = this.#codec.isPlain(key) && Object.hasOwn(this.#base(), key)
    this.#handedOut.set(key, payloadTells ? undefined : this.#textOf(key, value))
  }

  /** Goes on watching an object that was handed out before it was stored. */
  #watch(key: string, before: string | undefined, stored: Payload | undefined): void {
    this.#handedOut ??= new Map()
    if (!Object.hasOwn(this.#payload, key)) this.#handedOut.set(key, before)
    else this.#handedOut.set(key, this.#codec.isPlain(key) ? undefined : JSON.stringify(stored?.[key]))
  }

  #encoded(key: string): string | undefined {
    return this.#textOf(key, this.#data[key])
  }

  /** A value that can't be encoded any more differs from every other. */
  #textOf(key: string, value: unknown): string {
    const encoded = this.#codec.encodeKey(key, value)
    return encoded.issues ? 'invalid' : JSON.stringify(encoded.value)
  }

  /** The stored form of the key as it would be written today: by defaults within, it can differ from what is stored. */
  #pristine(key: string): string {
    const decoded = this.#codec.decode(this.#payload)
    return decoded.issues ? 'unreadable' : this.#textOf(key, decoded.value[key])
  }
}

/** A key may be named like a member of every object. */
function own(values: Payload, key: string): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined
}
