import { batches } from './batches.js'
import { expiry } from './expiry.js'
import type { ConformanceCase, StoreHarness } from './harness.js'
import { ids } from './ids.js'
import { Lab } from './lab.js'
import { listing } from './listing.js'
import { methods } from './methods.js'
import { races } from './races.js'
import type { Scenario, SecondHalf, WaitingScenario } from './scenario.js'
import { signOut } from './sign-out.js'
import { texts } from './texts.js'
import { upkeep } from './upkeep.js'
import { versions } from './versions.js'

export type { ConformanceCase, OptionalMethod, StoreHarness } from './harness.js'

/**
 * Returns the contract of a record store as a list of tests, for authors of stores. It needs no particular test runner.
 * Run the cases one after another: they share the harness's data, and one of them clears the store. A case that does
 * not apply stays in the list and says why in `skipped`. Report it as skipped, because the store does not keep that
 * promise.
 *
 * @example
 * ```ts
 * import { test } from 'node:test'
 * import { conformanceCases } from 'fastify-sessions/conformance'
 *
 * const cases = conformanceCases({ open: () => myStore({ client }), lacks: ['sweep'], granularity: 1000 })
 * for (const { name, skipped, run } of cases) test(name, { skip: skipped ?? false }, run)
 * ```
 *
 * The same loop works with tap (`{ skip: skipped ?? false }`) and vitest (`test.skipIf(skipped)(name, run)`). The cases
 * about expiry share one wait, as long as the engine's granularity requires.
 */
export function conformanceCases(harness: StoreHarness): readonly ConformanceCase[] {
  const halves = startTogether(harness)
  return scenarios.map((scenario) => {
    const skipped = scenario.skip(harness)
    if (skipped) return { name: scenario.name, skipped, run: async () => {} }
    return { name: scenario.name, run: () => runCase(harness, scenario, halves) }
  })
}

type Halves = () => Promise<ReadonlyMap<Scenario, PromiseSettledResult<SecondHalf>>>

const scenarios: readonly Scenario[] = [
  ...methods,
  ...listing,
  ...versions,
  ...texts,
  ...ids,
  ...expiry,
  ...batches,
  ...races,
  ...signOut,
  ...upkeep
]

async function runCase(harness: StoreHarness, scenario: Scenario, halves: Halves): Promise<void> {
  const run = 'run' in scenario ? scenario.run : await secondHalf(scenario, halves)
  await inLab(harness, run)
}

async function secondHalf(scenario: WaitingScenario, halves: Halves): Promise<SecondHalf> {
  const half = (await halves()).get(scenario)
  if (half?.status !== 'fulfilled') throw half?.reason
  return half.value
}

/** Returns a function that starts every waiting scenario at its first call, and waits once for all of them. */
function startTogether(harness: StoreHarness): Halves {
  let begun: ReturnType<Halves> | undefined
  return () => {
    begun ??= beginAll(harness)
    return begun
  }
}

async function beginAll(harness: StoreHarness): ReturnType<Halves> {
  const waiting = scenarios.filter((scenario) => 'begin' in scenario && !scenario.skip(harness)) as WaitingScenario[]
  const halves = await inLab(harness, (lab) => Promise.allSettled(waiting.map(({ begin }) => begin(lab))))
  const lab = new Lab(harness)
  await lab.outwait(lab.soon())
  return new Map(waiting.map((scenario, index) => [scenario, halves[index] as PromiseSettledResult<SecondHalf>]))
}

/**
 * Closes everything that a case opened, even if it failed. The case's own error then takes precedence over an error of
 * closing.
 */
async function inLab<T>(harness: StoreHarness, work: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = new Lab(harness)
  const [done] = await Promise.allSettled([work(lab)])
  const [closed] = await Promise.allSettled([lab.close()])
  if (done.status === 'rejected') throw done.reason
  if (closed.status === 'rejected') throw closed.reason
  return done.value
}
