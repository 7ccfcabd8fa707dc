import { AsyncLocalStorage } from 'node:async_hooks'
import type { RecordStore } from '../../lib/index.js'

const METHODS = ['read', 'create', 'update', 'touch', 'remove', 'readMany', 'saveMany'] as const

/** Wraps a store so that it waits before each call, of any method. */
export function waiting(engine: RecordStore, wait: (method: string) => Promise<void> | void): RecordStore {
  const store = { ...engine, kind: 'record' } as unknown as Record<string, unknown>
  for (const method of METHODS) {
    const original = engine[method] as (...args: unknown[]) => unknown
    store[method] = async (...args: unknown[]) => {
      await wait(method)
      return original.apply(engine, args)
    }
  }
  return store as unknown as RecordStore
}

/** Two actors that take turns at the store, call by call. */
export class Turns {
  readonly #actor = new AsyncLocalStorage<number>()
  readonly #blocked: ((() => void) | undefined)[] = []
  #isOn = false

  /** Waits for the actor's turn. Await it before each call of the store. */
  readonly wait = (): Promise<void> | undefined => {
    const actor = this.#actor.getStore()
    if (!this.#isOn || actor === undefined) return undefined
    return new Promise((resolve) => {
      this.#blocked[actor] = resolve
    })
  }

  /** Runs both actors, each in its turns. Resolves to the number of steps at which there was a choice. */
  async run(both: readonly [() => Promise<unknown>, () => Promise<unknown>], order: Order): Promise<number> {
    this.#isOn = true
    const done = [false, false]
    const running = both.map((act, actor) =>
      this.#actor.run(actor, async () => {
        try {
          return await act()
        } finally {
          done[actor] = true
        }
      })
    )
    const isStill = (actor: number) => done[actor] || this.#blocked[actor] !== undefined
    let choices = 0
    let turn = order.first
    while (done.includes(false)) {
      while (!(isStill(0) && isStill(1))) await new Promise((resolve) => setImmediate(resolve))
      const open = [0, 1].filter((actor) => !done[actor])
      if (open.length === 2 && order.changes.includes(choices++)) turn = 1 - turn
      const actor = open.length === 2 ? turn : open[0]
      if (actor === undefined) break
      const go = this.#blocked[actor]
      this.#blocked[actor] = undefined
      go?.()
    }
    await Promise.all(running)
    this.#isOn = false
    return choices
  }
}

/** Which actor begins, and at which steps the other one continues, while both have something to do. */
export interface Order {
  readonly first: number
  readonly changes: readonly number[]
}

/**
 * Runs every order in which two actors can take turns, with up to this many changes between them: most races show with
 * two or three. `visit` runs one order, and resolves to the number of steps at which there was a choice.
 */
export async function everyOrder(mostChanges: number, visit: (order: Order) => Promise<number>): Promise<number> {
  let orders = 0
  const left: Order[] = [0, 1].map((first) => ({ first, changes: [] }))
  for (let order = left.pop(); order !== undefined; order = left.pop()) {
    const { first, changes } = order
    const choices = await visit(order)
    orders++
    if (changes.length === mostChanges) continue
    for (let at = (changes.at(-1) ?? 0) + 1; at < choices; at++) left.push({ first, changes: [...changes, at] })
  }
  return orders
}
