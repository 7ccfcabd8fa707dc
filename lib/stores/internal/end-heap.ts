/** An item that expires, and that knows its index in the heap. */
export interface Ending {
  /** Milliseconds since the epoch. */
  expires: number
  /** The index in the heap, which only the heap sets. */
  place: number
}

/** A binary heap ordered by expiry: the item that expires first is found at once, and every change costs O(log n). */
export class EndHeap<T extends Ending> {
  readonly #items: T[] = []

  /** The item that expires first; `undefined` when the heap is empty. */
  get first(): T | undefined {
    return this.#items[0]
  }

  add(item: T): void {
    this.#put(item, this.#items.length)
    this.#rise(item)
  }

  /** Restores the order of the heap. Call it after an item's `expires` has changed. */
  moved(item: T): void {
    this.#rise(item)
    this.#sink(item)
  }

  remove(item: T): void {
    const last = this.#items.pop()
    if (last === undefined || last === item) return
    this.#put(last, item.place)
    this.moved(last)
  }

  #put(item: T, place: number): void {
    this.#items[place] = item
    item.place = place
  }

  #rise(item: T): void {
    while (item.place > 0) {
      const parent = this.#items[(item.place - 1) >> 1] as T
      if (parent.expires <= item.expires) return
      this.#swap(parent, item)
    }
  }

  #sink(item: T): void {
    for (;;) {
      const child = this.#earlierChild(item.place)
      if (child === undefined || child.expires >= item.expires) return
      this.#swap(item, child)
    }
  }

  #earlierChild(place: number): T | undefined {
    const left = this.#items[2 * place + 1]
    const right = this.#items[2 * place + 2]
    return right !== undefined && right.expires < (left as T).expires ? right : left
  }

  #swap(upper: T, lower: T): void {
    const place = upper.place
    this.#put(upper, lower.place)
    this.#put(lower, place)
  }
}
