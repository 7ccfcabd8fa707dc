import fc from 'fast-check'

/** The same seed always gives the same runs. SEED sets another seed, and RUNS the number of runs. */
const parameters = { seed: Number(process.env['SEED'] ?? 20261128), numRuns: Number(process.env['RUNS'] ?? 500) }

/** Throws an error with the shortest counterexample found, if `holds` fails for some arbitrary values. */
export function forAll<Things extends [unknown, ...unknown[]]>(
  things: { [At in keyof Things]: fc.Arbitrary<Things[At]> },
  holds: (...things: Things) => void
): void {
  fc.assert(fc.property(...things, holds), parameters)
}
