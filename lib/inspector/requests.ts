import type { FastifyRequest } from 'fastify'
import type { SessionEvent } from '../../types/events.js'
import type { LoggedRequest as Row, LoggedStep as Step } from '../../types/inspector-parts.js'
import { wordsOf } from '../events/lines.js'

/** A request that streams for hours can go on and on. */
const MOST_STEPS = 50

type OpenRow = Row & { readonly steps: Step[]; more: number }

export type { Row, Step }

/** What happened, from a place on. */
export interface Source {
  /** The place behind all of it. */
  readonly place: string
  /** Those that changed behind a place, the oldest first. */
  rowsSince(place: string): readonly Row[]
  nameOf(row: Row): string
}

/** The last requests that had to do with sessions. */
export class Requests {
  readonly #remembered: number
  readonly #rows: OpenRow[] = []
  readonly #byRequest = new WeakMap<FastifyRequest, OpenRow>()
  #count = 0

  /** @param remembered how many of them */
  constructor(remembered: number) {
    this.#remembered = remembered
  }

  /** The newest first. */
  get rows(): readonly Row[] {
    return [...this.#rows].reverse()
  }

  /** Gives the row that it belongs to. */
  note(event: SessionEvent): Row {
    const row = this.#rowOf(event)
    if (row.steps.length < MOST_STEPS) row.steps.push(stepOf(event))
    else row.more++
    return row
  }

  #rowOf(event: SessionEvent): OpenRow {
    const request = 'request' in event ? event.request : undefined
    const known = request && this.#byRequest.get(request)
    if (known !== undefined) return known
    const row = this.#begin(event.at, request)
    if (request !== undefined) this.#byRequest.set(request, row)
    return row
  }

  #begin(at: number, request: FastifyRequest | undefined): OpenRow {
    const method = request?.method ?? ''
    const route = request === undefined ? 'outside of a request' : (request.routeOptions.url ?? 'no route')
    const row = { id: ++this.#count, at, method, route, steps: [], more: 0 }
    this.#rows.push(row)
    if (this.#rows.length > this.#remembered) this.#rows.shift()
    return row
  }
}

export function stepOf(event: SessionEvent): Step {
  const { session, duration, store } = event as {
    readonly session?: string
    readonly duration?: number
    readonly store?: string
  }
  return { event: event.event, session: session ?? '', words: wordsOf(event), duration, store: store ?? '' }
}
