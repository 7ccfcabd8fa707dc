import type { FastifyBaseLogger } from 'fastify'
import type { RecordStore } from '../../types/store.js'
import { StoreConfigError } from '../errors.js'
import { inTime } from '../util/in-time.js'
import { reasonOf } from '../util/reason.js'

/**
 * Sets up the stores before the app is ready. If a server can't be reached, the error names the store, where Fastify's
 * own time-out would not.
 */
export class StoreSetup {
  readonly #limit: number
  readonly #log: FastifyBaseLogger
  readonly #timers = new Set<NodeJS.Timeout>()
  #isOver = false

  /**
   * @param pluginTimeout Fastify's option, in ms. Fastify gives up after it without naming a store, so set-up has to
   * give up earlier.
   */
  constructor(pluginTimeout: number, log: FastifyBaseLogger) {
    this.#limit = 0.8 * (pluginTimeout || USUAL_PLUGIN_TIMEOUT)
    this.#log = log
  }

  /** Sets a store up. Rejects with FST_SESSIONS_STORE_CONFIG if that fails or takes too long. */
  async run(name: string, store: RecordStore): Promise<void> {
    try {
      await this.#attempt(name, store)
    } catch (error) {
      throw await refusal(name, store, error)
    }
  }

  /**
   * Sets a store up; if it can't be reached, the app starts without it and set-up is retried. Rejects with
   * FST_SESSIONS_STORE_CONFIG if the engine answers but does not fit.
   */
  async runOrRetry(name: string, store: RecordStore): Promise<void> {
    try {
      await this.#attempt(name, store)
    } catch (error) {
      const told = await refusal(name, store, error)
      if (isMisfit(error)) throw told
      this.#log.warn({ store: name, err: told }, `session store "${name}": the app starts without it`)
      this.#retryLater(name, store, SHORTEST_PAUSE)
    }
  }

  stop(): void {
    this.#isOver = true
    for (const timer of this.#timers) clearTimeout(timer)
  }

  async #attempt(name: string, store: RecordStore): Promise<void> {
    await inTime(async () => store.setup?.(), this.#limit, name)
  }

  #retryLater(name: string, store: RecordStore, pause: number): void {
    if (this.#isOver) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      void this.#retry(name, store, pause)
    }, pause)
    this.#timers.add(timer.unref())
  }

  async #retry(name: string, store: RecordStore, pause: number): Promise<void> {
    try {
      await this.#attempt(name, store)
      this.#log.info({ store: name }, `session store "${name}": it is set up now`)
    } catch (error) {
      // An error that needs somebody to act is logged each time. An unreachable server was already logged at the start.
      if (isMisfit(error)) this.#log.error({ store: name, err: error }, `session store "${name}" can't be used`)
      this.#retryLater(name, store, Math.min(2 * pause, LONGEST_PAUSE))
    }
  }
}

/** Fastify's default of `pluginTimeout`, in ms. */
const USUAL_PLUGIN_TIMEOUT = 10_000
/** The pauses between two attempts at set-up, in ms. */
const SHORTEST_PAUSE = 1000
const LONGEST_PAUSE = 30_000

/** Whether the engine answered, but is not as the store needs it. */
function isMisfit(error: unknown): boolean {
  return error instanceof StoreConfigError
}

async function refusal(name: string, store: RecordStore, error: unknown): Promise<Error> {
  if (isMisfit(error)) return error as Error
  const address = await addressOf(store)
  const reason = `could not be set up${address ? ` at ${address}` : ''}: ${reasonOf(error)}. ${remedy(name)}`
  return Object.assign(new StoreConfigError(name, reason), { cause: error })
}

function remedy(name: string): string {
  return `Does its server run, and is the address right, and what the app signs in with? To start without it, and answer requests for its sessions with 503 until it is there: startWithout: [${JSON.stringify(name)}]`
}

async function addressOf(store: RecordStore): Promise<string | undefined> {
  try {
    return await store.address?.()
  } catch {
    return undefined
  }
}
