import type { RecordStore } from '../../types/store.js'
import { reasonOf } from '../util/reason.js'

/** How long a request waits for a store that has failed, in ms: engines answer far sooner, and people hardly notice. */
const PATIENCE = 100

/**
 * How many requests may try a store that has failed, at the same time. Several, since one of them may ask for a record
 * that can't be read, or in a part of a cluster that is down, while the others' would be answered.
 */
const MAX_PROBES = 8

/** After how many ms a probe that has got no answer makes room for another: some drivers wait for ever. */
const SILENCE = 5000

/**
 * The circuit breaker of one store. Sessions are read before the handler, also for those that then ask for none: where a
 * store is down, each would wait for its timeout. So a read that fails opens the circuit. While it is open, the next
 * requests are probes: each goes on without an answer after a short time, while its read continues. Others wait as long
 * for what becomes of these, and fail at once when no probe gets an answer. Any answer closes the circuit.
 */
export class CircuitBreaker {
  #isOpen = false
  #cause: unknown
  readonly #probes = new Set<Probe>()
  readonly #waiting = new Set<Waiting>()

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** A read has failed. */
  open(cause: unknown): void {
    this.#isOpen = true
    this.#cause = cause
  }

  /** What `read` gives. @throws what `read` throws; that the store is silent; that it has failed and is not asked */
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

  /** Resolves when there is room for another probe, or the circuit is closed. */
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

  /** Its place is for who has waited longest. */
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
 * Runs out after a while. After a pause of the process, timers come before the answers that have arrived meanwhile: these
 * are looked at first.
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
  /** Nobody waits for its answer any more. */
  isSilent: boolean
}

interface Waiting {
  go(): void
  refuse(): void
}

const breakers = new WeakMap<RecordStore, CircuitBreaker>()

/** The one of a store, for whatever reads from it. */
export function breakerOf(store: RecordStore): CircuitBreaker {
  const known = breakers.get(store)
  if (known !== undefined) return known
  const breaker = new CircuitBreaker()
  breakers.set(store, breaker)
  return breaker
}
