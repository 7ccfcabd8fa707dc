import type { FastifyBaseLogger } from 'fastify'
import type { HistoryEntry } from '../../types/history.js'
import type { RecordStore, StoredRecord } from '../../types/store.js'
import { create, type Job, pause, readAllFresh, readFresh, runJob, update } from '../records/rounds.js'
import { backoff } from '../records/subject-index.js'
import { reservedId } from '../records/ticket.js'
import { isObject } from '../util/objects.js'
import { isTime, parseJson } from '../util/parse.js'
import { again, isUnknown, sameAs } from './entries.js'
import type { Archive } from './ring.js'

/** How many entries a list holds, the newest. */
const LONGEST = 50

/** How long entries are gathered before they are written, in ms: whoever sends bad cookies by the thousand causes few writes. */
const GATHERING = 250

/** How many lists may wait to be written: where the store is down for long, those that wait longest are given up. */
const MOST_WAITING = 1000

/** Lost races in a row after which an entry is given up: it is worth less than what it would cost. */
const MAX_TRIES = 20

/**
 * In a record store, where every process sees them: a list for each id and each user, one of what concerns all sessions,
 * and one of cookies that do not tell whose they are. A list is a record of the newest entries, changed by compare-and-set.
 */
export class Lists implements Archive {
  readonly #store: RecordStore
  readonly #keep: number
  readonly #app: string | undefined
  readonly #log: FastifyBaseLogger
  readonly #waiting = new Map<string, HistoryEntry[]>()
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #isFailing = false

  /** @param keep in ms */
  constructor(store: RecordStore, keep: number, app: string | undefined, log: FastifyBaseLogger) {
    this.#store = store
    this.#keep = keep
    this.#app = app
    this.#log = log
  }

  add(entry: HistoryEntry): void {
    for (const list of this.#listsOf(entry)) {
      const waiting = this.#waiting.get(list) ?? []
      this.#waiting.set(list, joined(waiting, [entry]))
    }
    const [oldest] = this.#waiting.keys()
    if (this.#waiting.size > MOST_WAITING && oldest !== undefined) this.#waiting.delete(oldest)
    this.#timer ??= setTimeout(() => void this.#flush(), GATHERING).unref()
  }

  async find(asked: string): Promise<readonly HistoryEntry[]> {
    await this.#flush()
    const ids = [this.#listAbout(asked), this.#listOf('all sessions'), this.#listOf('unknown cookies')]
    const lists = await runJob(this.#store, readAllFresh(ids))
    return lists.flatMap(parsed)
  }

  async close(): Promise<void> {
    await this.#flush()
  }

  #listsOf(entry: HistoryEntry): readonly string[] {
    if (isUnknown(entry)) return [this.#listOf('unknown cookies')]
    if (entry.event === 'cleared') return [this.#listOf('all sessions')]
    const { id, formerId, subject, formerSubject } = entry
    return [...new Set([id, formerId, subject, formerSubject])].flatMap((name) =>
      name === undefined ? [] : this.#listAbout(name)
    )
  }

  #listAbout(idOrSubject: string): string {
    return this.#listOf(`session or user ${idOrSubject}`)
  }

  #listOf(what: string): string {
    return reservedId(`history of ${what}`, this.#app)
  }

  /** Never rejects: what can't be kept costs nobody a page. */
  #flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const lists = [...this.#waiting]
    this.#waiting.clear()
    this.#writing = this.#writing.then(() => this.#write(lists))
    return this.#writing
  }

  async #write(lists: readonly (readonly [string, readonly HistoryEntry[]])[]): Promise<void> {
    try {
      for (const [id, entries] of lists) await runJob(this.#store, append(id, entries, Date.now() + this.#keep))
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing)
        this.#log.warn({ err: error }, 'the history of sessions could not be kept: its store failed')
      this.#isFailing = true
    }
  }
}

function* append(id: string, entries: readonly HistoryEntry[], expires: number): Job<void> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const stored = yield* readFresh(id)
    const text = JSON.stringify(joined(parsed(stored), entries))
    const written =
      stored === undefined ? yield* create(id, text, expires) : yield* update(id, text, expires, stored.version)
    if (written !== undefined) return
    yield* pause(backoff(attempt))
  }
}

/** The newest stand last. */
function joined(present: readonly HistoryEntry[], added: readonly HistoryEntry[]): HistoryEntry[] {
  let list = [...present]
  for (const entry of added) {
    const same = list.find((other) => sameAs(other, entry))
    list = [...list.filter((other) => other !== same), same === undefined ? entry : again(same, entry)]
  }
  return list.slice(-LONGEST)
}

/** What is no list counts as an empty one. */
function parsed(stored: StoredRecord | undefined): readonly HistoryEntry[] {
  const value = stored && parseJson(stored.text)
  return Array.isArray(value) ? value.filter(isEntry) : []
}

function isEntry(value: unknown): value is HistoryEntry {
  if (!isObject(value)) return false
  const { event, at, times } = value
  return typeof event === 'string' && isTime(at) && typeof times === 'number'
}
