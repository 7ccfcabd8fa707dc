import type { ListedRecord } from '../../types/store.js'
import type { ResolvedDefinition } from '../definition/definition.js'
import { parseRecord, type SessionRecord, type Successor } from '../records/record.js'
import type { SealingAtRest } from '../seal/at-rest.js'
import { keyIdIn } from '../seal/sealer.js'
import { idleOf, latestEnd, usedAt } from '../session/lifetime.js'

/** How many of something there are, and when the last of them ends, in ms since the epoch. */
export interface Count {
  readonly count: number
  readonly ends: number
}

export const NONE: Count = { count: 0, ends: 0 }

type Counts = Readonly<Record<string, Count>>

/** What was found of keys in stores. Nothing but JSON, since a walk that is interrupted hands it to the next one. */
export interface KeyUse {
  /** By store, then by key; `''`: not sealed. */
  readonly sealed: Readonly<Record<string, Counts>>
  /** Sessions by their name. */
  readonly live: Counts
  /** Those of them that nobody has used since the present key seals. */
  readonly unused: Counts
  /** Ids that were replaced and are still good, by the key that sealed the way to the new one. */
  readonly replaced: Counts
}

/** When it was read, when the present key began to seal, if that was told, and whose records there can be. */
export interface Basis {
  readonly now: number
  readonly since: number | undefined
  readonly definitionOf: (record: SessionRecord) => ResolvedDefinition | undefined
}

/** Counts keys, record by record. */
export class KeyCounter {
  readonly #sealed: Record<string, Record<string, Count>>
  readonly #live: Record<string, Count>
  readonly #unused: Record<string, Count>
  readonly #replaced: Record<string, Count>

  /** @param found by an earlier walk that this one continues */
  constructor(found: Partial<KeyUse> | undefined) {
    const { sealed = {}, live = {}, unused = {}, replaced = {} } = structuredClone(found) ?? {}
    this.#sealed = sealed
    this.#live = live
    this.#unused = unused
    this.#replaced = replaced
  }

  get found(): KeyUse {
    return { sealed: this.#sealed, live: this.#live, unused: this.#unused, replaced: this.#replaced }
  }

  add(store: string, sealing: SealingAtRest | undefined, listed: ListedRecord, basis: Basis): void {
    const { id, text, expires } = listed
    if (sealing !== undefined) {
      this.#sealed[store] ??= {}
      bump(this.#sealed[store], keyIdIn(text) ?? '', expires)
    }
    const opened = sealing === undefined ? text : sealing.open(id, text)
    const record = opened === undefined ? undefined : parseRecord(opened)
    if (record === undefined || record.x !== undefined) return
    if (record.n === undefined) this.#addLive(record, expires, basis)
    else this.#addReplaced(record.n, basis)
  }

  #addReplaced([, until, sealed]: Successor, { now }: Basis): void {
    if (sealed !== undefined && until > now) bump(this.#replaced, keyIdIn(sealed) ?? '', until)
  }

  /** A use gives the browser a cookie under the present key. */
  #addLive(record: SessionRecord, expires: number, { since, definitionOf }: Basis): void {
    const definition = definitionOf(record)
    if (definition === undefined) return
    const end = Math.min(expires, latestEnd(record.c, definition.absolute))
    bump(this.#live, definition.name, end)
    if (since === undefined || usedAt(record.c, expires, idleOf(record.m, definition.idle)) > since) return
    bump(this.#unused, definition.name, end)
  }
}

function bump(counts: Record<string, Count>, key: string, ends: number): void {
  const { count, ends: before } = counts[key] ?? NONE
  counts[key] = { count: count + 1, ends: Math.max(before, ends) }
}
