import type { RecordStore } from '../../types/store.js'

/** A method that asks the engine. */
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

/** A call that waits until the test lets it go on. */
export interface Stall {
  /** Resolves when the call has been made. */
  readonly reached: Promise<void>
  /** Lets the call go on. */
  release(): void
}

type Before = () => unknown

/**
 * A store around another that fails, stalls and loses races on command, to see what an app does then.
 *
 * @example
 * const controlled = new ControlledStore(memoryStore())
 * await app.register(sessions, { keys, stores: { memory: controlled.store }, sessions })
 * controlled.failOn('update')
 * assert.equal((await browser.post('/cart')).statusCode, 503)
 * controlled.recover()
 */
export class ControlledStore {
  /** What the app is given. */
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

  /** How often a method was called. */
  calls(method: StoreMethod): number {
    return this.#calls.get(method) ?? 0
  }

  /** Lets methods fail from now on; without a name, all of them. */
  failOn(
    methods: StoreMethod | readonly StoreMethod[] = METHODS,
    error = new Error('the store fails on command')
  ): void {
    for (const method of [methods].flat()) this.#failures.set(method, error)
  }

  /** Ends all failures. What stalls goes on waiting for its `release()`. */
  recover(): void {
    this.#failures.clear()
  }

  /** Lets the next call of a method wait. */
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
   * Does something once, right before the next call of a method reaches the store: a parallel request that saves first,
   * say.
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
    // As an engine's client does: never at once.
    return Promise.reject(error)
  }
}

/** Everything that a store has, be it its own or of its class. */
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
