import fc from 'fast-check'

/** Of one seed they are always the same; another is taken from SEED, and more or fewer runs from RUNS. */
const parameters = { seed: Number(process.env['SEED'] ?? 20261128), numRuns: Number(process.env['RUNS'] ?? 500) }

/** Throws, with the shortest example that was found, when `holds` does not hold for something arbitrary. */
export function forAll<Things extends [unknown, ...unknown[]]>(
  things: { [At in keyof Things]: fc.Arbitrary<Things[At]> },
  holds: (...things: Things) => void
): void {
  fc.assert(fc.property(...things, holds), parameters)
}
