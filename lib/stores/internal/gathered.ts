import { setImmediate as nextTurn } from 'node:timers/promises'

/** Asks the engine for several items at once. The answers are in the order of the items. */
type Ask<Item, Answer> = (items: readonly Item[]) => Promise<readonly (Answer | Promise<Answer>)[]>

interface Gathering<Item, Answer> {
  readonly items: Item[]
  readonly answers: ReturnType<Ask<Item, Answer>>
}

/** The most items to ask for at once, so that no request waits for many others. */
const most = 32

/**
 * Batches the calls of one turn of the event loop. A server under load handles several requests in each turn: they
 * share one statement, its round trip to the engine and one connection of the pool, which saves processor time on both
 * sides. A request that comes alone has its statement sent at the end of the turn in which it came.
 */
export class Gathered<Item, Answer> {
  readonly #askMany: Ask<Item, Answer>
  #open: Gathering<Item, Answer> | undefined

  constructor(askMany: Ask<Item, Answer>) {
    this.#askMany = askMany
  }

  async ask(item: Item): Promise<Answer> {
    this.#open ??= this.#begin()
    const { items, answers } = this.#open
    const at = items.push(item) - 1
    if (items.length === most) this.#open = undefined
    return (await answers)[at] as Answer | Promise<Answer>
  }

  #begin(): Gathering<Item, Answer> {
    const items: Item[] = []
    return { items, answers: this.#askLater(items) }
  }

  async #askLater(items: readonly Item[]): ReturnType<Ask<Item, Answer>> {
    await nextTurn()
    if (this.#open?.items === items) this.#open = undefined
    return this.#askMany(items)
  }
}
