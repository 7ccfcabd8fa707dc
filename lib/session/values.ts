import type { MergeFunctions } from '../definition/definition.js'
import type { Former, Written } from '../records/record.js'
import type { Codec, Data, Decoded, Payload } from '../schema/codec.js'
import { isEmpty, sameJson } from '../schema/json.js'
import { addChange, type Change, type Changes, joined, type Operation, type Updates } from './changes.js'
import { HandedOut, textOf } from './handed-out.js'
import { Journal } from './journal.js'

/** A stored payload and the data that it decodes to. */
export interface Stored {
  readonly payload: Payload
  readonly data: Data
  /** The record from which the payload was read; absent if the payload is not exactly the record's. */
  readonly written?: Written | undefined
}

/** A payload to store, with the former record, whose unchanged text can be reused. */
export type Encoding =
  | {
      readonly value: Payload
      readonly former?: Former | undefined
      /** Whether every value is either primitive or exactly as it was parsed. */
      readonly isExact: boolean
      readonly issues?: undefined
    }
  | Extract<Decoded<Payload>, { readonly issues: object }>

/**
 * The three versions of a conflict: the payload from which both requests started, what the other request stored, and
 * this request's data.
 */
interface Sides {
  readonly started: Stored
  readonly theirs: Stored
  readonly mine: Data
}

/** The values of one session during one request, and the changes to them, recorded so that they can be replayed. */
export class Values {
  readonly #codec: Codec
  /** The stored payload; never handed out. */
  #payload: Payload
  #written: Written | undefined
  /** The values that handlers see. */
  #data: Data
  /** Created by the first change: most requests only read. */
  #journal: Journal<Changes> | undefined
  /** Created when the first object is handed out. */
  #handedOut: HandedOut | undefined

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

  /** A view of the values for inspection only: changes to it are not detected. */
  get view(): Data {
    return { ...this.#data }
  }

  get isDirty(): boolean {
    return this.#journal?.all !== undefined || this.#mutated().length > 0
  }

  /** Whether `clear()` was called, so that no stored value is kept. */
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

  /** Returns the value for a caller who will set the key next, so the object need not be watched for changes. */
  current(key: string): unknown {
    return own(this.#data, key)
  }

  all(): Data {
    for (const key of Object.keys(this.#data)) this.get(key)
    return { ...this.#data }
  }

  /** Sets a value. @param encoded the value's stored form */
  set(key: string, value: unknown, encoded: unknown): void {
    if (value === undefined) this.delete(key)
    else this.#keep(key, 'set', value, encoded)
  }

  delete(key: string): boolean {
    const had = this.has(key)
    const empty = this.#codec.empty()
    if (Object.hasOwn(empty, key)) this.#data[key] = empty[key]
    else delete this.#data[key]
    this.#handedOut?.forget(key)
    if (had) this.#change(key, 'delete')
    return had
  }

  /**
   * Records an update, and returns the value as the session keeps it.
   * @param value what `change` returned for the present value
   */
  update(key: string, change: (value: unknown) => unknown, value: unknown, encoded: unknown): unknown {
    return this.#keep(key, [change], value, encoded)
  }

  clear(): void {
    this.#data = this.#codec.empty()
    this.#handedOut = undefined
    this.#journal ??= new Journal(joined)
    this.#journal.since = { isCleared: true, byKey: new Map() }
  }

  /** Returns the payload to store. It is `{}` when no value is left, even if the schema requires keys. */
  encode(): Encoding {
    const changes = this.#journal?.hold()
    const payload = { ...this.#base() }
    const changed = this.#mutated()
    for (const [key, { operation, encoded }] of changes?.byKey ?? []) {
      if (operation === 'delete') delete payload[key]
      else if (encoded !== undefined) payload[key] = encoded
      else changed.push(key)
    }
    if (changed.length === 0 && isEmpty(payload)) return { value: payload, isExact: true }
    const encoded = this.#codec.encode(this.#data, payload, changed)
    if (encoded.issues) return encoded
    const written = this.#written
    const former = written && { text: written.text, record: written.record, changed }
    // A payload that a migration or the app's `onInvalid` returned may share objects with the app.
    const isBaseExact = written !== undefined || isEmpty(this.#base())
    return { value: encoded.value, former, isExact: isBaseExact && changed.length === 0 }
  }

  copy(): Values {
    const copy = new Values(this.#codec, { payload: this.#payload, data: { ...this.#data }, written: this.#written })
    const changes = this.#journal?.all
    copy.#journal = changes && new Journal(joined, { ...changes, byKey: new Map(changes.byKey) })
    copy.#handedOut = this.#handedOut?.copy()
    return copy
  }

  /**
   * Takes up what another request stored meanwhile, and replays this request's changes on it.
   * @param started what this request started from, read again
   */
  rebase(started: Stored, theirs: Stored, merge: MergeFunctions): void {
    for (const key of this.#mutated()) this.#change(key, 'set')
    this.#payload = theirs.payload
    this.#written = theirs.written
    this.#handedOut = undefined
    const changes = this.#journal?.hold()
    if (changes?.isCleared) return
    const sides = { started, theirs, mine: this.#data }
    this.#data = { ...theirs.data }
    for (const [key, change] of changes?.byKey ?? []) changes?.byKey.set(key, this.#replay(key, change, sides, merge))
  }

  /** Notes that `written` is stored now. It includes all changes that were present when it was encoded. */
  markSaved(written: Written): void {
    const former = this.#handedOut
    const objects = this.#objects(former)
    this.#payload = written.record.p ?? {}
    this.#written = written
    this.#journal?.release()
    this.#handedOut =
      objects.length === 0
        ? undefined
        : HandedOut.afterSave(
            this.#codec,
            objects.map((key) => [key, this.#stays(key)]),
            former,
            written.text
          )
  }

  /** Replays this request's change to a key. Returns the change to record for it now. */
  #replay(key: string, change: Change, { started, theirs, mine }: Sides, merge: MergeFunctions): Change {
    const isContested = !sameJson(own(started.payload, key), own(theirs.payload, key))
    const mergeKey = isContested && Object.hasOwn(merge, key) ? merge[key] : undefined
    if (mergeKey !== undefined) {
      const merged = mergeKey(own(started.data, key), own(theirs.data, key), own(mine, key))
      this.#data[key] = merged === own(mine, key) ? merged : this.#adopted(key, merged)
      return { operation: 'set' }
    }
    const { operation } = change
    if (isContested && typeof operation !== 'string' && this.#isResult(key, operation, started, mine)) {
      this.#data[key] = this.#run(key, operation, own(theirs.data, key))
      return { operation }
    }
    if (Object.hasOwn(mine, key)) this.#data[key] = mine[key]
    else delete this.#data[key]
    return change
  }

  #keep(key: string, operation: Operation, value: unknown, encoded: unknown): unknown {
    const kept = this.#fresh(key, value, encoded)
    this.#data[key] = kept
    this.#change(key, operation, typeof kept === 'object' ? undefined : encoded)
    return kept
  }

  /**
   * Returns a value as the next request will read it: what the schema makes of its stored form. This prevents sharing:
   * an object that somebody else also holds, such as a constant of a module, would show users each other's changes.
   * Only an object that the session itself handed out for this key stays the same object.
   */
  #fresh(key: string, value: unknown, encoded: unknown): unknown {
    if (typeof value === 'object' && value === own(this.#data, key)) return value
    if (this.#codec.isPlain(key)) return encoded
    const decoded = this.#codec.decodeKey(key, encoded, this.#data)
    return decoded.issues ? value : decoded.value
  }

  /** The same for a value that was not checked yet. If it does not fit the schema, encoding it reports that. */
  #adopted(key: string, value: unknown): unknown {
    if (value === undefined) return undefined
    const encoded = this.#codec.encodeKey(key, value)
    return encoded.issues ? value : this.#fresh(key, value, encoded.value)
  }

  /** Returns the keys of objects that handlers may hold: those that were handed out or set. */
  #objects(handedOut: HandedOut | undefined): readonly string[] {
    const objects: string[] = []
    for (const key of handedOut?.keys ?? []) if (this.#isObject(key)) objects.push(key)
    for (const key of this.#journal?.held?.byKey.keys() ?? []) {
      if (this.#isObject(key) && !handedOut?.has(key)) objects.push(key)
    }
    return objects
  }

  #run(key: string, updates: Updates, value: unknown): unknown {
    return updates.reduce((result, update) => this.#adopted(key, update(result)), value)
  }

  #isObject(key: string): boolean {
    return typeof this.#data[key] === 'object' && this.#data[key] !== null
  }

  /** Whether the value is still what the updates produced from the old one, without a later change to the object. */
  #isResult(key: string, updates: Updates, started: Stored, mine: Data): boolean {
    return (
      textOf(this.#codec, key, this.#run(key, updates, own(started.data, key))) ===
      textOf(this.#codec, key, own(mine, key))
    )
  }

  #change(key: string, operation: Operation, encoded?: unknown): void {
    this.#journal ??= new Journal(joined)
    this.#journal.since ??= { isCleared: false, byKey: new Map() }
    addChange(this.#journal.since.byKey, key, { operation, encoded })
  }

  #operation(key: string): Operation | undefined {
    return (this.#journal?.since?.byKey.get(key) ?? this.#journal?.held?.byKey.get(key))?.operation
  }

  #base(): Payload {
    return this.isCleared ? {} : this.#payload
  }

  /** Returns the keys whose objects have changed since they were handed out, except those that are encoded anyway. */
  #mutated(): string[] {
    return this.#handedOut?.mutated(this.#data, this.#payload, (key) => this.#isEncoded(key)) ?? []
  }

  #isEncoded(key: string): boolean {
    const operation = this.#operation(key)
    return operation !== undefined && operation !== 'delete'
  }

  #handOut(key: string, value: object): void {
    if (this.#handedOut?.has(key)) return
    this.#handedOut ??= new HandedOut(this.#codec)
    this.#handedOut.add(key, value, this.#stays(key))
  }

  /**
   * Whether the key is stored and stays stored. After a deletion handlers hold the default, which is not in the
   * payload.
   */
  #stays(key: string): boolean {
    return Object.hasOwn(this.#base(), key) && this.#operation(key) !== 'delete'
  }
}

/** Reads an own property: a key may have the name of a member of `Object.prototype`. */
function own(values: Payload, key: string): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined
}
