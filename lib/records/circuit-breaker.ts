import type { RecordStore } from '../../types/store.js'
import { reasonOf } from '../util/reason.js'

/**
 * How long a request waits for a store that has failed, in ms. Engines usually answer far sooner, and people hardly
 * notice the delay.
 */
const PATIENCE = 100

/**
 * How many requests may probe a failed store at the same time. One would not be enough: its record may be unreadable,
 * or in a part of a cluster that is down, while the reads of other requests would succeed.
 */
const MAX_PROBES = 8

/** After how many ms a probe without an answer makes room for another one: some drivers wait without limit. */
const SILENCE = 5000

/**
 * The circuit breaker of one store. Sessions are read before the handler, even for requests that then ask for none. So
 * while a store is down, every request would wait for the store's timeout. To avoid that, a read that fails opens the
 * circuit. While it is open, the next requests are probes: each stops waiting after a short time, while its read
 * continues. Further requests wait for the probes for the same time, and fail at once if no probe gets an answer. Any
 * answer closes the circuit.
 */
export class CircuitBreaker {
  #isOpen = false
  #cause: unknown
  readonly #probes = new Set<Probe>()
  readonly #waiting = new Set<Waiting>()

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Opens the circuit, because a read has failed. */
  open(cause: unknown): void {
    this.#isOpen = true
    this.#cause = cause
  }

  /**
   * Runs a read, and returns its result.
   *
   * @throws what `read` throws; an Error when the store does not answer in time, or has failed and is not asked
   */
  async run<T>(read: () => Promise<T>): Promise<T> {
    if (this.#isOpen && this.#probes.size >= MAX_PROBES) await this.#turn()
    if (this.#isOpen) return this.#probe(read)
    try {
      return await read()
    } catch (error) {
      this.open(error)
      throw error
    }
  }

  #probe<T>(read: () => Promise<T>): Promise<T> {
    const probe: Probe = { isSilent: false }
    this.#probes.add(probe)
    return new Promise((resolve, reject) => {
      const patience = new Patience(() => {
        reject(this.#refusal(`no answer within ${PATIENCE} ms`))
        this.#giveUp(probe)
      })
      const answered = (answer: T) => {
        patience.end()
        this.#close()
        resolve(answer)
      }
      const failed = (error: unknown) => {
        patience.end()
        this.#end(probe)
        reject(error)
      }
      read().then(answered, failed)
    })
  }

  /**
   * Resolves when there is room for another probe, or when the circuit is closed. Rejects when no probe gets an answer
   * in time.
   */
  #turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = () => {
        leave()
        reject(this.#refusal('not asked, since it answers nobody'))
      }
      const go = () => {
        leave()
        resolve()
      }
      const waiting = { go, refuse }
      const patience = new Patience(refuse)
      const leave = () => {
        patience.end()
        this.#waiting.delete(waiting)
      }
      this.#waiting.add(waiting)
      this.#refuseIfSilent()
    })
  }

  #close(): void {
    this.#isOpen = false
    this.#cause = undefined
    this.#probes.clear()
    for (const { go } of this.#waiting) go()
  }

  /** Ends a probe, and lets the request that has waited longest take its place. */
  #end(probe: Probe): void {
    if (!this.#probes.delete(probe)) return
    const [first] = this.#waiting
    first?.go()
  }

  #giveUp(probe: Probe): void {
    probe.isSilent = true
    setTimeout(() => this.#end(probe), SILENCE).unref()
    this.#refuseIfSilent()
  }

  #refuseIfSilent(): void {
    for (const { isSilent } of this.#probes) if (!isSilent) return
    for (const { refuse } of this.#waiting) refuse()
  }

  #refusal(reason: string): Error {
    const cause = this.#cause
    return Object.assign(new Error(`${reason}; it failed before: ${reasonOf(cause)}`), { cause })
  }
}

/**
 * Calls `runOut` after `PATIENCE` ms. After a pause of the process, timers fire before the answers that have arrived
 * meanwhile are handled. So the callback is delayed by another turn of the event loop, in which they are handled first.
 */
class Patience {
  #isOver = false
  readonly #timer: NodeJS.Timeout

  constructor(runOut: () => void) {
    this.#timer = setTimeout(() => setImmediate(() => this.#isOver || runOut()), PATIENCE)
  }

  end(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }
}

interface Probe {
  /** No request waits for its answer any more. */
  isSilent: boolean
}

interface Waiting {
  go(): void
  refuse(): void
}

const breakers = new WeakMap<RecordStore, CircuitBreaker>()

/** Returns the circuit breaker of a store, which everything that reads from the store shares. */
export function breakerOf(store: RecordStore): CircuitBreaker {
  const known = breakers.get(store)
  if (known !== undefined) return known
  const breaker = new CircuitBreaker()
  breakers.set(store, breaker)
  return breaker
}
