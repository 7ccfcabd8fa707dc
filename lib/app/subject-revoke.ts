import type { StoredRecord } from '../../types/store.js'
import { ConflictError } from '../errors.js'
import { type Doomed, endRecords } from '../records/ending.js'
import { parseRecord } from '../records/record.js'
import { type Job, pause, readAllFresh } from '../records/rounds.js'
import {
  backoff,
  type Index,
  MAX_TRIES,
  type Places,
  placesOf,
  readIndex,
  replaceIndex
} from '../records/subject-index.js'
import { narrowed, pagesDown, readPages, readRange, writeRange } from '../records/subject-pages.js'
import { isSettled, TRIP } from '../records/subject-upkeep.js'
import { isStoreId } from '../records/ticket.js'
import { chunksOf } from '../util/chunks.js'
import { isLive, type View } from './subject-list.js'

/** Which sessions of a subject to end: all `except` these, `only` these, or all if neither is given. */
export interface Choice {
  readonly except?: readonly string[] | undefined
  readonly only?: readonly string[] | undefined
}

/** Called for each session that was ended, with its name in the options if the index has it. */
export type Ended = (id: string, session: string | undefined) => void

/**
 * Ends the chosen sessions of a subject in one store, and returns how many it ended. If it fails, the sessions that it
 * ended so far stay ended.
 * @throws FST_SESSIONS_CONFLICT after too many lost races
 */
export function* revoke(view: View, subject: string, choice: Choice, ended: Ended): Job<number> {
  const places = placesOf(subject, view.app)
  const hunt = new Hunt(subject, view.clearedAt, choice)
  try {
    if (choice.only === undefined) yield* endAll(places, hunt)
    else yield* endOnly(places, hunt, choice.only)
  } finally {
    for (const id of hunt.ended) ended(id, hunt.names.get(id))
  }
  return hunt.ended.size
}

function* endOnly(places: Places, hunt: Hunt, only: readonly string[]): Job<void> {
  yield* hunt.end(only.filter(isStoreId))
  yield* hunt.empty(places.recent)
}

function* endAll(places: Places, hunt: Hunt): Job<void> {
  yield* hunt.empty(places.recent)
  yield* emptyPages(places, hunt)
}

function* emptyPages(places: Places, hunt: Hunt): Job<void> {
  const range = yield* readRange(places)
  const full = new Set<number>()
  for (const numbers of pagesDown(range)) {
    for (const { number } of yield* readPages(places, numbers)) {
      if ((yield* hunt.empty(places.page(number))) > 0) full.add(number)
    }
  }
  const left = narrowed(range, (number) => !full.has(number))
  // If somebody else changes the range at the same time, a later call narrows it.
  if (left.first > range.first) yield* writeRange(places, left, 0)
}

/** The state of one revocation. */
class Hunt {
  readonly #subject: string
  readonly #clearedAt: number
  /** The ids to end; `undefined` for all except those that are kept. */
  readonly #only: Set<string> | undefined
  /** The ids to keep, and the ids of their successors if they are replaced meanwhile. */
  readonly #kept: Set<string>
  readonly ended = new Set<string>()
  /** The names of sessions in the options, by id. */
  readonly names = new Map<string, string>()

  constructor(subject: string, clearedAt: number, { except, only }: Choice) {
    this.#subject = subject
    this.#clearedAt = clearedAt
    this.#kept = new Set(except?.filter(isStoreId))
    this.#only = only && new Set(only)
  }

  /**
   * Ends the chosen sessions of an index and removes their ids from it. Returns how many ids are left.
   * @throws FST_SESSIONS_CONFLICT
   */
  *empty(at: string): Job<number> {
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const { stored, index } = yield* readIndex(at)
      for (const [id, { name }] of index) this.names.set(id, name)
      const chosen = [...index.keys()].filter((id) => this.#isChosen(id))
      if (chosen.length === 0) return index.size
      yield* this.end(chosen.filter((id) => !this.ended.has(id)))
      const left = this.#without(index, Date.now())
      if (!(yield* replaceIndex(at, stored, left))) yield* pause(backoff(attempt))
      else if (![...left.keys()].some((id) => this.#isChosen(id))) return left.size
    }
    throw new ConflictError(MAX_TRIES)
  }

  /** Ends those of these records that are live sessions of the subject. @throws FST_SESSIONS_CONFLICT */
  *end(ids: readonly string[]): Job<void> {
    for (const some of chunksOf(ids, TRIP)) {
      let left = some
      for (let attempt = 0; left.length > 0; attempt++) {
        if (attempt === MAX_TRIES) throw new ConflictError(MAX_TRIES)
        if (attempt > 0) yield* pause(backoff(attempt - 1))
        left = yield* this.#endSome(left)
      }
    }
  }

  /** Ends some records, and returns the ids that have to be checked again. */
  *#endSome(ids: readonly string[]): Job<readonly string[]> {
    const kept = [...this.#kept]
    const records = yield* readAllFresh([...ids, ...kept])
    // A kept session may have been replaced, and its successor may be among the ids to end.
    const isKnown = kept.every((_, at) => this.#keepSuccessor(records[ids.length + at]))
    if (!isKnown) return ids.filter((id) => this.#isChosen(id))
    const live: Doomed[] = []
    const successors: string[] = []
    for (const [at, id] of ids.entries()) {
      const stored = records[at]
      const record = stored && parseRecord(stored.text)
      if (stored === undefined || record === undefined || !this.#isChosen(id)) continue
      if (isLive(record, this.#subject, this.#clearedAt)) live.push({ id, record, version: stored.version })
      else if (record.n !== undefined && this.#isToFollow(record.n[0])) successors.push(record.n[0])
    }
    return [...(yield* this.#end(live)), ...successors]
  }

  /** Ends live sessions, and returns those where another request was first. */
  *#end(live: readonly Doomed[]): Job<readonly string[]> {
    const ended = yield* endRecords(live)
    for (const id of ended) this.ended.add(id)
    return live.flatMap(({ id }) => (this.ended.has(id) ? [] : id))
  }

  /**
   * Whether to end the successor of a session that is being regenerated at this moment. Each successor is followed
   * once.
   */
  #isToFollow(successor: string): boolean {
    if (!isStoreId(successor) || this.#followed.has(successor)) return false
    this.#followed.add(successor)
    this.#only?.add(successor)
    return this.#isChosen(successor)
  }

  readonly #followed = new Set<string>()

  /** Keeps the successor of a kept session. Returns `false` if it was not known yet. */
  #keepSuccessor(stored: StoredRecord | undefined): boolean {
    const successor = stored && parseRecord(stored.text)?.n?.[0]
    if (!isStoreId(successor) || this.#kept.has(successor)) return true
    this.#kept.add(successor)
    return false
  }

  #isChosen(id: string): boolean {
    return this.#only === undefined ? !this.#kept.has(id) : this.#only.has(id)
  }

  /**
   * Returns the index without the ids of ended sessions. An id without a record may have just been entered by a
   * sign-in, which will write its record and look for the id after that. So the id is only marked at first, and removed
   * after one more look for its record.
   */
  #without(index: Index, now: number): Index {
    const left = new Map(index)
    for (const [id, listing] of index) {
      if (!this.#isChosen(id)) continue
      if (listing.isLeaving || this.ended.has(id) || isSettled(listing, now)) left.delete(id)
      else left.set(id, { ...listing, isLeaving: true })
    }
    return left
  }
}
