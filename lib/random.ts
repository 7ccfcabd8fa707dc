import { randomFillSync } from 'node:crypto'

/** Random bytes in pieces of one length. They are made for many at once: by itself each would take 0.5 to 60 µs. */
export class RandomPieces {
  readonly #length: number
  readonly #pool: Buffer
  #used: number

  constructor(length: number) {
    this.#length = length
    this.#pool = Buffer.alloc(length * 256)
    this.#used = this.#pool.length
  }

  /** Never given before. To be used at once: the memory is filled anew later. */
  next(): Buffer {
    if (this.#used === this.#pool.length) {
      randomFillSync(this.#pool)
      this.#used = 0
    }
    this.#used += this.#length
    return this.#pool.subarray(this.#used - this.#length, this.#used)
  }
}
