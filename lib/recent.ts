/**
 * A few of the things that were put in last, each in the one place that the end of its name chooses: whatever is put
 * there next takes it. Names end at random. An order of use would cost more than it gains.
 */
export class Recent<T> {
  readonly #places: (T | undefined)[] = []

  /** What may be the thing of that name: the caller has to compare. */
  get(name: string): T | undefined {
    return this.#places[placeOf(name)]
  }

  put(name: string, thing: T): void {
    this.#places[placeOf(name)] = thing
  }

  clear(): void {
    this.#places.length = 0
  }
}

function placeOf(name: string): number {
  const end = name.length
  return (961 * name.charCodeAt(end - 3) + 31 * name.charCodeAt(end - 2) + name.charCodeAt(end - 1)) & 255
}
