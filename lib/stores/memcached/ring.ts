import { createHash } from 'node:crypto'

/**
 * Assigns keys to servers by consistent hashing (ketama). Every server has 160 points on a circle, and a key belongs to
 * the next point. So all clients agree, and a server that joins or leaves moves only its own share of the keys.
 */
export class Ring<S> {
  readonly #points: readonly number[]
  readonly #servers: readonly S[]

  /** The points are computed from the servers' names alone, so the order of the servers does not matter. */
  constructor(servers: ReadonlyMap<string, S>) {
    const placed = [...servers].flatMap(([name, server]) => points(name).map((point) => ({ point, name, server })))
    placed.sort((a, b) => a.point - b.point || (a.name < b.name ? -1 : 1))
    this.#points = placed.map(({ point }) => point)
    this.#servers = placed.map(({ server }) => server)
  }

  serverOf(key: string): S {
    const [place] = hash(key)
    return this.#servers[this.#firstFrom(place as number)] as S
  }

  /** The index of the first point at or after a position; the first point follows the last. */
  #firstFrom(place: number): number {
    let [low, high] = [0, this.#points.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#points[middle] as number) < place) low = middle + 1
      else high = middle
    }
    return low % this.#points.length
  }
}

/** The 160 points of a server: twenty hashes of eight points each. */
function points(name: string): readonly number[] {
  return Array.from({ length: 20 }, (_, index) => hash(`${name}-${index}`)).flat()
}

function hash(text: string): readonly number[] {
  const digest = createHash('sha256').update(text).digest()
  return Array.from({ length: 8 }, (_, index) => digest.readUInt32LE(index * 4))
}
