import { setTimeout as delay } from 'node:timers/promises'
import type { Awaitable, PageOptions, RecordPage } from '../../types/store.js'
import { isObject } from '../util/objects.js'
import { parseJson } from '../util/parse.js'
import { reasonOf } from '../util/reason.js'
import type { Output } from './output.js'
import { again, EXIT, type Told, UsageError } from './usage.js'

/** Of a slice, where nothing else is said. */
const SLICE = 100

/** What a slice holds in memory at once, and an engine is asked for. */
const MOST = 1000

/** In ms: an hour. */
const LONGEST_PAUSE = 3_600_000

/** What is gone through. */
export interface Listed {
  readonly name: string
  readonly list: (options: PageOptions) => Awaitable<RecordPage>
}

/** Where a walk goes on: a store, and the page behind `after`, the first one without. */
interface Place {
  readonly store: string
  readonly after?: string | undefined
  /** What was found before it, as its command keeps that. */
  readonly found?: unknown
}

/** Goes through all records of stores, in slices, for as long as nobody interrupts; and knows where to go on. */
export class Walk {
  readonly #command: string
  readonly #slice: number
  readonly #pause: number
  readonly #signal: AbortSignal
  #place: Place | undefined
  #hasBegun = false

  /** @throws UsageError when an option makes no sense */
  constructor(command: string, { slice, pause, from }: Told['values'], signal: AbortSignal) {
    this.#command = command
    this.#slice = wholeNumber(command, 'slice', slice ?? String(SLICE), 1, MOST)
    this.#pause = wholeNumber(command, 'pause', pause ?? '0', 0, LONGEST_PAUSE)
    this.#place = from === undefined ? undefined : placeOf(command, String(from))
    this.#signal = signal
  }

  /** Whether a slice has been had. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** What was found by the walk that this one continues. */
  get found(): unknown {
    return this.#place?.found
  }

  /** For `--from`, what goes on with the slice in hand; `undefined` when there is nothing left, or all is to be done again. */
  from(found?: unknown): string | undefined {
    return this.#place && Buffer.from(JSON.stringify({ ...this.#place, found })).toString('base64url')
  }

  /**
   * Each slice, of one store after the other. A slice counts as done when the next one is asked for.
   * @throws UsageError when it was to go on in a store that is none of these
   */
  async *slices(stores: readonly Listed[]): AsyncGenerator<{ readonly store: string; readonly page: RecordPage }> {
    const { store, after: begin } = this.#place ?? {}
    const first = store === undefined ? 0 : stores.findIndex(({ name }) => name === store)
    if (first === -1) {
      throw new UsageError(`${this.#command}: --from: it is of the store ${store}, which is not gone through here`)
    }
    for (const [at, { name, list }] of stores.slice(first).entries()) {
      let after = at === 0 ? begin : undefined
      do {
        this.#place = { store: name, after }
        if (this.#signal.aborted) return
        const page = await list({ limit: this.#slice, after })
        this.#hasBegun = true
        yield { store: name, page }
        after = page.next
        if (after !== undefined) this.#place = { store: name, after }
        if (after !== undefined && this.#pause > 0) await this.#rest()
      } while (after !== undefined)
    }
    this.#place = undefined
  }

  /** An interruption ends it. */
  async #rest(): Promise<void> {
    await delay(this.#pause, undefined, { signal: this.#signal }).catch(() => {})
  }
}

function placeOf(command: string, from: string): Place {
  const place = parseJson(Buffer.from(from, 'base64url').toString())
  if (isObject(place) && typeof place['store'] === 'string' && ['string', 'undefined'].includes(typeof place['after']))
    return place as unknown as Place
  throw new UsageError(`${command}: --from: that is not what an interrupted ${command} gave`)
}

function wholeNumber(command: string, name: string, told: string | boolean, least: number, most: number): number {
  const number = Number(told)
  if (Number.isSafeInteger(number) && number >= least && number <= most) return number
  throw new UsageError(`${command}: --${name}: expected a whole number from ${least} to ${most}, got ${told}`)
}

/** What a command does that walks, and what it says then: also where it was interrupted, or a store failed half-way. */
interface Walking<Result> {
  readonly go: () => Promise<void>
  /** What has been found so far. */
  readonly result: (next: string | undefined) => Result
  readonly lines: (result: Result) => readonly string[]
  /** What was found, for the walk that goes on. */
  readonly found?: () => unknown
  /** Whether something is left that the command was meant to find done. */
  readonly isAnyLeft: (result: Result) => boolean
}

/** Walks, and gives the code to end with. */
export async function walkAndTell<Result>(walk: Walk, output: Output, walking: Walking<Result>): Promise<number> {
  const failure = await walking.go().then(
    () => undefined,
    (error: unknown) => ({ error })
  )
  if (failure?.error instanceof UsageError || (failure !== undefined && !walk.hasBegun)) throw failure.error
  const next = walk.from(walking.found?.())
  const result = walking.result(next)
  output.result(result, walking.lines)
  if (failure !== undefined) output.error(reasonOf(failure.error))
  if (next !== undefined)
    output.note(`Stopped before the end. Go on with:\n  ${again(process.argv.slice(2), 'from', next)}`)
  if (failure !== undefined) return EXIT.failed
  if (next !== undefined) return EXIT.interrupted
  return walking.isAnyLeft(result) ? EXIT.left : EXIT.done
}
