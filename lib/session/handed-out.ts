import { parseRecord } from '../records/record.js'
import type { Codec, Data, Payload } from '../schema/codec.js'
import { sameJson } from '../schema/json.js'

/**
 * Detects changes within the objects that handlers hold. No call announces such a change, so each object is compared
 * with its earlier stored form.
 */
export class HandedOut {
  readonly #codec: Codec
  /**
   * The stored form of each object when it was handed out, by key; `undefined` where the payload itself can be
   * compared.
   */
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

  /** Starts to watch an object. @param isStored whether the payload has the key, and will keep it */
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
   * Returns the keys whose objects have changed.
   * @param isEncoded whether a key is encoded in any case, so that it need not be compared
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
   * Watches objects further after a save, by comparing them with what is now stored.
   * @param keys each with whether the stored payload has it and will keep it
   * @param text the text of the stored record
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
        // Only the text is certain to show what was stored: the payload may contain an object that handlers hold too.
        stored ??= parseRecord(text)?.p ?? {}
        handedOut.#before.set(key, JSON.stringify(stored[key]))
      }
    }
    return handedOut
  }

  /**
   * Returns the stored form of the key as it would be written now. Defaults within the value can make it differ from
   * what is stored.
   */
  #pristine(key: string, payload: Payload): string {
    const decoded = this.#codec.decode(payload)
    return decoded.issues ? 'unreadable' : textOf(this.#codec, key, decoded.value[key])
  }
}

/** Returns the stored form of a value as text. A value that can no longer be encoded differs from every other. */
export function textOf(codec: Codec, key: string, value: unknown): string {
  const encoded = codec.encodeKey(key, value)
  return encoded.issues ? 'invalid' : JSON.stringify(encoded.value)
}
