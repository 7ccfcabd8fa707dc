import { parseRecord } from '../records/record.js'
import type { Codec, Data, Payload } from '../schema/codec.js'
import { sameJson } from '../schema/json.js'

/**
 * Watches the objects that handlers hold. What is changed in one of them is a change of the session that no call tells of:
 * it shows when the object is compared with what it was.
 */
export class HandedOut {
  readonly #codec: Codec
  /** By key, the stored form of the object when it was handed out; `undefined` where the payload itself can tell. */
  readonly #before: Map<string, string | undefined>

  constructor(codec: Codec, before?: Iterable<readonly [string, string | undefined]>) {
    this.#codec = codec
    this.#before = new Map(before)
  }

  get keys(): Iterable<string> {
    return this.#before.keys()
  }

  has(key: string): boolean {
    return this.#before.has(key)
  }

  /** @param isStored whether the payload has the key, and is to keep it */
  add(key: string, value: object, isStored: boolean): void {
    this.#before.set(key, isStored && this.#codec.isPlain(key) ? undefined : textOf(this.#codec, key, value))
  }

  forget(key: string): void {
    this.#before.delete(key)
  }

  copy(): HandedOut {
    return new HandedOut(this.#codec, this.#before)
  }

  /**
   * The keys whose objects look different now.
   * @param isEncoded whether a key is encoded in any case, so that nobody has to know
   */
  mutated(data: Data, payload: Payload, isEncoded: (key: string) => boolean): string[] {
    const mutated: string[] = []
    for (const [key, before] of this.#before) {
      if (isEncoded(key)) continue
      if (before === undefined && sameJson(data[key], payload[key])) continue
      if (textOf(this.#codec, key, data[key]) !== (before ?? this.#pristine(key, payload))) mutated.push(key)
    }
    return mutated
  }

  /**
   * Goes on watching objects after a save, by what is stored of them now.
   * @param keys each with whether the payload that was stored has it, and is to keep it
   * @param text of the record that was stored
   */
  static afterSave(
    codec: Codec,
    keys: readonly (readonly [string, boolean])[],
    former: HandedOut | undefined,
    text: string
  ): HandedOut {
    const handedOut = new HandedOut(codec)
    let stored: Payload | undefined
    for (const [key, isStored] of keys) {
      if (!isStored) {
        if (former?.has(key)) handedOut.#before.set(key, former.#before.get(key))
      } else if (codec.isPlain(key)) handedOut.#before.set(key, undefined)
      else {
        // Only the text tells what was stored: the payload may hold an object that handlers hold too.
        stored ??= parseRecord(text)?.p ?? {}
        handedOut.#before.set(key, JSON.stringify(stored[key]))
      }
    }
    return handedOut
  }

  /** The stored form of the key as it would be written today: by defaults within, it can differ from what is stored. */
  #pristine(key: string, payload: Payload): string {
    const decoded = this.#codec.decode(payload)
    return decoded.issues ? 'unreadable' : textOf(this.#codec, key, decoded.value[key])
  }
}

/** The stored form of a value, as text. A value that can't be encoded any more differs from every other. */
export function textOf(codec: Codec, key: string, value: unknown): string {
  const encoded = codec.encodeKey(key, value)
  return encoded.issues ? 'invalid' : JSON.stringify(encoded.value)
}
