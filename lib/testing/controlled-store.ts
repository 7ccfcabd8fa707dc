import type { RecordStore } from '../../types/store.js'

/** The methods of a store that access its engine. */
export type StoreMethod =
  | 'read'
  | 'create'
  | 'update'
  | 'touch'
  | 'remove'
  | 'readMany'
  | 'saveMany'
  | 'list'
  | 'clear'
  | 'sweep'

const METHODS: readonly StoreMethod[] = [
  'read',
  'create',
  'update',
  'touch',
  'remove',
  'readMany',
  'saveMany',
  'list',
  'clear',
  'sweep'
]

/** A call that is held up until the test releases it. */
export interface Stall {
  /** Resolves when the app has made the call. */
  readonly reached: Promise<void>
  /** Lets the call proceed. */
  release(): void
}

type Before = () => unknown

/**
 * Wraps a store so that it fails, stalls and loses races on command, to test how an app reacts.
 *
 * @example
 * const controlled = new ControlledStore(memoryStore())
 * await app.register(sessions, { keys, stores: { memory: controlled.store }, sessions })
 * controlled.failOn('update')
 * assert.equal((await browser.post('/cart')).statusCode, 503)
 * controlled.recover()
 */
export class ControlledStore {
  /** The store to give to the app. */
  readonly store: RecordStore
  readonly #failures = new Map<StoreMethod, Error>()
  readonly #before = new Map<StoreMethod, Before[]>()
  readonly #calls = new Map<StoreMethod, number>()

  constructor(inner: RecordStore) {
    const store: Record<string, unknown> = { ...bound(inner) }
    for (const method of METHODS) {
      const call = inner[method] as ((...args: unknown[]) => unknown) | undefined
      if (call === undefined) continue
      store[method] = (...args: unknown[]) => this.#run(method, () => call.apply(inner, args))
    }
    this.store = store as unknown as RecordStore
  }

  /** Returns how often a method was called. */
  calls(method: StoreMethod): number {
    return this.#calls.get(method) ?? 0
  }

  /** Makes calls of these methods reject with `error` from now on, until `recover()`. Default: all methods. */
  failOn(
    methods: StoreMethod | readonly StoreMethod[] = METHODS,
    error = new Error('the store fails on command')
  ): void {
    for (const method of [methods].flat()) this.#failures.set(method, error)
  }

  /** Ends all failures. A stalled call still waits for its `release()`. */
  recover(): void {
    this.#failures.clear()
  }

  /** Holds up the next call of a method until its `release()`. */
  stallOn(method: StoreMethod): Stall {
    const reached = gate()
    const released = gate()
    this.before(method, () => {
      reached.resolve()
      return released.promise
    })
    return { reached: reached.promise, release: released.resolve }
  }

  /**
   * Runs `work` once, right before the next call of a method reaches the store. For example, a parallel request that
   * saves first:
   * @example controlled.before('update', () => other.post('/cart', { payload: { item: 'ink' } }))
   */
  before(method: StoreMethod, work: () => unknown): void {
    this.#before.set(method, [...(this.#before.get(method) ?? []), work])
  }

  #run(method: StoreMethod, call: () => unknown): unknown {
    this.#calls.set(method, this.calls(method) + 1)
    const work = this.#before.get(method)?.shift()
    if (work === undefined) return this.#answer(method, call)
    return (async () => {
      await work()
      return this.#answer(method, call)
    })()
  }

  #answer(method: StoreMethod, call: () => unknown): unknown {
    const error = this.#failures.get(method)
    if (error === undefined) return call()
    // A promise that rejects, like that of an engine's client; the method never throws.
    return Promise.reject(error)
  }
}

/** Returns the other members of a store, whether its own or those of its class, with methods bound to it. */
function bound(store: RecordStore): object {
  const names = ['kind', 'capabilities', 'setup', 'address', 'close'] as const
  const present = names.filter((name) => store[name] !== undefined)
  return Object.fromEntries(
    present.map((name) => {
      const member = store[name] as unknown
      return [name, typeof member === 'function' ? member.bind(store) : member]
    })
  )
}

function gate(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((open) => {
    resolve = open
  })
  return { promise, resolve }
}
