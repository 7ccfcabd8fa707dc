import { randomFillSync } from 'node:crypto'

/**
 * Random bytes in pieces of one length. Many pieces are generated in one call, which is much cheaper than one call for
 * each.
 */
export class RandomPieces {
  readonly #length: number
  readonly #pool: Buffer
  #used: number

  constructor(length: number) {
    this.#length = length
    this.#pool = Buffer.alloc(length * 256)
    this.#used = this.#pool.length
  }

  /** Returns an unused piece in base64url. */
  next(): string {
    const from = this.#take()
    return this.#pool.toString('base64url', from, this.#used)
  }

  /**
   * Writes an unused piece to `target`. It copies byte by byte, because creating a view of the pool to copy from takes
   * longer.
   */
  writeNext(target: Uint8Array, at: number): void {
    const from = this.#take()
    for (let index = 0; index < this.#length; index++) target[at + index] = this.#pool[from + index] as number
  }

  /** Returns where an unused piece starts in the pool; it ends at `#used`. */
  #take(): number {
    if (this.#used === this.#pool.length) {
      randomFillSync(this.#pool)
      this.#used = 0
    }
    this.#used += this.#length
    return this.#used - this.#length
  }
}
