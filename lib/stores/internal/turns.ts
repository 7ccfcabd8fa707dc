/** Runs the tasks of one id one after another, in the order in which they came. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()
  #gate: Promise<unknown> = Promise.resolve()

  take<T>(id: string, task: () => Promise<T>): Promise<T> {
    const turn = Promise.all([this.#last.get(id), this.#gate]).then(task)
    const done = settled(turn).then(() => {
      if (this.#last.get(id) === done) this.#last.delete(id)
    })
    this.#last.set(id, done)
    return turn
  }

  /** Runs a task by itself: after all earlier tasks of any id are done, and before all later ones. */
  alone<T>(task: () => Promise<T>): Promise<T> {
    const turn = Promise.all([...this.#last.values(), this.#gate]).then(task)
    this.#gate = settled(turn)
    return turn
  }
}

/** Returns the turns of a client. All stores over one client share them. */
export function turnsOf(client: object): Turns {
  const turns = known.get(client) ?? new Turns()
  known.set(client, turns)
  return turns
}

const known = new WeakMap<object, Turns>()

function settled(turn: Promise<unknown>): Promise<void> {
  return turn.then(
    () => {},
    () => {}
  )
}
