import type { SessionEvent } from '../../types/events.js'

/** How many trips are remembered of each store, for the plots. */
const REMEMBERED = 120

/** What happened at one store since the app started, as its events tell. */
export interface StoreFigures {
  readonly name: string
  loads: number
  saves: number
  /** Of the saves, those whose changes were made again on newer data. */
  replayed: number
  refused: number
  ended: number
  failed: number
  swept: number
  evicted: number
  /** Of the last trips that read, and of those that wrote, the oldest first; in ms. */
  readonly loadTimes: number[]
  readonly saveTimes: number[]
}

export class Figures {
  readonly #byStore = new Map<string, StoreFigures>()

  get stores(): ReadonlyMap<string, StoreFigures> {
    return this.#byStore
  }

  note(event: SessionEvent): void {
    if (event.store === undefined) return
    const figures = this.#of(event.store)
    NOTES[event.event]?.(figures, event as never)
  }

  #of(name: string): StoreFigures {
    const known = this.#byStore.get(name)
    if (known !== undefined) return known
    const begun = beginning(name)
    this.#byStore.set(name, begun)
    return begun
  }
}

export function beginning(name: string): StoreFigures {
  const counts = { loads: 0, saves: 0, replayed: 0, refused: 0, ended: 0, failed: 0, swept: 0, evicted: 0 }
  return { name, ...counts, loadTimes: [], saveTimes: [] }
}

type Note<E> = (figures: StoreFigures, event: E) => void
type Notes = { readonly [Kind in SessionEvent['event']]?: Note<Extract<SessionEvent, { readonly event: Kind }>> }

const save: Note<{ readonly duration: number }> = (figures, { duration }) => {
  figures.saves++
  push(figures.saveTimes, duration)
}

const NOTES: Notes = {
  loaded: (figures, { duration }) => {
    figures.loads++
    push(figures.loadTimes, duration)
  },
  created: save,
  saved: save,
  replayed: (figures, event) => {
    figures.replayed++
    save(figures, event)
  },
  refused: (figures) => figures.refused++,
  expired: (figures) => figures.refused++,
  destroyed: (figures) => figures.ended++,
  revoked: (figures) => figures.ended++,
  failed: (figures) => figures.failed++,
  evicted: (figures) => figures.evicted++,
  swept: (figures, { removed }) => {
    figures.swept += removed
  }
}

function push(times: number[], duration: number): void {
  times.push(duration)
  if (times.length > REMEMBERED) times.shift()
}

/** The duration that so many of a hundred do not exceed; `undefined` where there are none. */
export function percentile(times: readonly number[], percent: number): number | undefined {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)]
}
