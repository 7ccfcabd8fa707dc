import type { FastifyRequest } from 'fastify'
import type { SessionEvent } from '../../types/events.js'
import { wordsOf } from '../events/lines.js'

/** How many requests are remembered. */
const REMEMBERED = 200
/** A request that streams for hours can go on and on. */
const MOST_STEPS = 50

/** One thing that happened in a request. */
export interface Step {
  /** What kind of event. */
  readonly event: string
  readonly session: string
  readonly words: string
  /** In ms; `undefined` for what takes none. */
  readonly duration: number | undefined
  readonly store: string
}

/** One request, with what it did to sessions. */
export interface Row {
  readonly id: number
  /** In ms since the epoch. */
  readonly at: number
  readonly method: string
  /** The route's pattern: what stands in a URL could be secret. */
  readonly route: string
  readonly steps: readonly Step[]
  /** Steps beyond those that are kept. */
  readonly more: number
}

type OpenRow = Row & { readonly steps: Step[]; more: number }

/** The last requests that had to do with sessions. */
export class Requests {
  readonly #rows: OpenRow[] = []
  readonly #byRequest = new WeakMap<FastifyRequest, OpenRow>()
  #count = 0

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
    if (this.#rows.length > REMEMBERED) this.#rows.shift()
    return row
  }
}

function stepOf(event: SessionEvent): Step {
  const { session, duration, store } = event as {
    readonly session?: string
    readonly duration?: number
    readonly store?: string
  }
  return { event: event.event, session: session ?? '', words: wordsOf(event), duration, store: store ?? '' }
}
