const PLACES = 256

/**
 * A few of the things that were put in last, each in the one place that the end of its name chooses: whatever is put
 * there next takes it. Names end at random. An order of use would cost more than it gains.
 */
export class Recent<T> {
  readonly #places: (T | undefined)[] = []
  readonly #marks = new Int32Array(PLACES)

  /** What may be the thing of that name: the caller has to compare. */
  get(name: string): T | undefined {
    return this.#places[markOf(name) & (PLACES - 1)]
  }

  put(name: string, thing: T): void {
    this.#places[markOf(name) & (PLACES - 1)] = thing
  }

  /** Whether the name was said before, and then no other of its place. */
  isSaidAgain(name: string): boolean {
    const mark = markOf(name)
    const place = mark & (PLACES - 1)
    const isAgain = this.#marks[place] === mark
    this.#marks[place] = mark
    return isAgain
  }

  clear(): void {
    this.#places.length = 0
  }
}

function markOf(name: string): number {
  let mark = 0
  for (let at = name.length - 5; at < name.length; at++) mark = (Math.imul(mark, 31) + name.charCodeAt(at)) | 0
  return mark
}
