import type { OptionalMethod, StoreHarness } from './harness.js'
import type { Lab } from './lab.js'

/** Returns the reason why a scenario does not apply to a harness; `undefined` if it applies. */
export type Skip = (harness: StoreHarness) => string | undefined

/** A case, before it is bound to a harness. */
export type Scenario = PromptScenario | WaitingScenario

export interface PromptScenario {
  readonly name: string
  readonly skip: Skip
  readonly run: (lab: Lab) => Promise<void>
}

/**
 * A scenario in two halves: `begin` makes records that expire soon, and resolves to the half to run once they have
 * expired.
 */
export interface WaitingScenario {
  readonly name: string
  readonly skip: Skip
  readonly begin: (lab: Lab) => Promise<SecondHalf>
}

export type SecondHalf = (lab: Lab) => Promise<void>

export function scenario(name: string, run: PromptScenario['run'], skip: Skip = never): Scenario {
  return { name, skip, run }
}

/** A scenario about expiry: `prepare` makes records that expire soon, and `check` runs once they have expired. */
export function afterExpiry<T>(
  name: string,
  prepare: (lab: Lab) => Promise<T>,
  check: (lab: Lab, prepared: T) => Promise<void>,
  skip: Skip = never
): Scenario {
  const begin = async (lab: Lab) => {
    const prepared = await prepare(lab)
    return (later: Lab) => check(later, prepared)
  }
  return { name, skip, begin }
}

/** Skips a scenario for stores that lack one of the methods. */
export function needs(...methods: readonly OptionalMethod[]): Skip {
  return ({ lacks = [] }) => {
    const missing = methods.filter((method) => lacks.includes(method))
    return missing.length > 0 ? `the store has no ${missing.join(', no ')}` : undefined
  }
}

/** Skips a scenario if the harness lacks a function that it needs. */
export function needsHarness(part: 'neighbour' | 'unreachable'): Skip {
  return (harness) => (harness[part] ? undefined : `the harness has no ${part}()`)
}

function never(): undefined {
  return undefined
}
