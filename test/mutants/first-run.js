/** Mutants are numbered in the order of the code, some four a line: those so far apart have little to do with each other. */
const NEAR = 40

/** For each further test of one file: tests of a file mostly notice the same. */
const NEXT_OF_FILE = 0.85

/** What the run without a mutant found: how long each test takes, and which mutants it reaches. */
export class FirstRun {
  #durations
  /** The tests that reach each mutant, by its number. */
  #reaching = new Map()

  /**
   * @param durations in ms, by the id of the test
   * @param reached by the id of the test: how often it passed each mutant
   */
  constructor(durations, reached) {
    this.#durations = durations
    for (const [test, mutants] of Object.entries(reached)) {
      for (const mutant of Object.keys(mutants).map(Number)) {
        if (!this.#reaching.has(mutant)) this.#reaching.set(mutant, [])
        this.#reaching.get(mutant).push(test)
      }
    }
  }

  durationOf({ id }) {
    return this.#durations[id] ?? 1000
  }

  /**
   * Those first that are likely to notice the mutant, for the time that they take. A test that is about some code reaches
   * parts of it that few others reach, so what it reaches around the mutant counts the more, the fewer reach it.
   */
  sorted(tests, mutant) {
    const about = this.#aboutCodeAt(Number(mutant))
    const worth = (test) => (about.get(test.id) ?? 0) / (8 + this.durationOf(test)) ** 0.7
    const byWorth = tests.toSorted((a, b) => worth(b) - worth(a))
    const taken = new Map()
    const rank = new Map()
    for (const test of byWorth) {
      const before = taken.get(test.file) ?? 0
      taken.set(test.file, before + 1)
      rank.set(test, worth(test) * NEXT_OF_FILE ** before)
    }
    return byWorth.toSorted((a, b) => rank.get(b) - rank.get(a))
  }

  #aboutCodeAt(mutant) {
    const about = new Map()
    for (let other = mutant - 3 * NEAR; other <= mutant + 3 * NEAR; other++) {
      const tests = this.#reaching.get(other) ?? []
      const weight = Math.exp(-Math.abs(other - mutant) / NEAR) / tests.length
      for (const test of tests) about.set(test, (about.get(test) ?? 0) + weight)
    }
    return about
  }
}
