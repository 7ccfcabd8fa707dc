/** Where a request waits until it is let on: so what takes long, takes exactly as long as something else needs. */
export class Pause {
  readonly reached: Promise<void>
  readonly #reach: () => void
  readonly #opened: Promise<void>
  readonly release: () => void

  constructor() {
    ;[this.reached, this.#reach] = gate()
    ;[this.#opened, this.release] = gate()
  }

  wait(): Promise<void> {
    this.#reach()
    return this.#opened
  }
}

function gate(): [Promise<void>, () => void] {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return [opened, open]
}
