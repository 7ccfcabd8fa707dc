import { setImmediate as nextTurn } from 'node:timers/promises'

/** Answers each of the items, in their order. */
type Ask<Item, Answer> = (items: readonly Item[]) => Promise<readonly (Answer | Promise<Answer>)[]>

interface Gathering<Item, Answer> {
  readonly items: Item[]
  readonly answers: ReturnType<Ask<Item, Answer>>
}

/** How many to ask for at once, so that nobody waits for many others. */
const most = 32

/**
 * Asks at once for what is wanted in one turn of the event loop. A server under load takes many visitors' requests in
 * each turn: they share a statement, its way to the engine and back, and a connection of the pool, which halves the
 * processor time of a read. Where a request comes alone, its statement is sent at the end of the turn in which it came.
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
