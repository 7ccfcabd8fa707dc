import t, { test } from 'tap'
import { conformanceCases } from '../../lib/conformance/index.js'
import { batchBugs } from './batches.js'
import { expiryBugs } from './expiry.js'
import { listingBugs } from './listing.js'
import { raceBugs } from './races.js'
import { type Bug, Engine, SoundStore } from './sound-store.js'
import { textAndIdBugs } from './texts-and-ids.js'
import { upkeepBugs } from './upkeep.js'
import { versionBugs } from './versions.js'
import { writeBugs } from './writes.js'

const bugs: readonly Bug[] = [
  ...writeBugs,
  ...versionBugs,
  ...textAndIdBugs,
  ...expiryBugs,
  ...batchBugs,
  ...listingBugs,
  ...raceBugs,
  ...upkeepBugs
]

t.setTimeout(120_000) // the waits for expiry of some hundred stores

test('the conformance suite finds every planted bug, and each of its cases finds one', async (t) => {
  t.setTimeout(120_000)
  const findings = await caseNamesThatFail()
  for (const { bug, promise } of bugs) {
    const caught = findings.get(bug) ?? []
    t.ok(caught.includes(promise), `${bug} -> ${caught.length} cases`, { promise, caught })
    t.comment([`${bug}:`, ...caught].join('\n    '))
  }
  const useful = new Set([...findings.values()].flat())
  const useless = casesOf(SoundStore).filter(({ name }) => !useful.has(name))
  t.same(
    useless.map(({ name }) => name),
    [],
    'a case that no bug fails proves nothing'
  )
})

test('the conformance suite has nothing to say against a sound store', async (t) => {
  t.same(await failures(SoundStore), [])
  t.same(
    casesOf(SoundStore).filter(({ skipped }) => skipped),
    [],
    'and skips nothing'
  )
})

/** Several suites at a time: they wait for expiry most of the time. */
async function caseNamesThatFail(): Promise<ReadonlyMap<string, readonly string[]>> {
  const findings = new Map<string, readonly string[]>()
  const queue = bugs.values()
  const worker = async () => {
    for (const { bug, Store } of queue) findings.set(bug, await failures(Store))
  }
  await Promise.all(Array.from({ length: 40 }, worker))
  return findings
}

async function failures(Store: Bug['Store']): Promise<readonly string[]> {
  const failed: string[] = []
  for (const { name, run } of casesOf(Store)) await run().catch(() => failed.push(name))
  return failed
}

function casesOf(Store: Bug['Store']) {
  const engine = new Engine()
  const down = new Engine()
  down.isUp = false
  return conformanceCases({
    open: () => new Store(engine, 'sessions'),
    neighbour: () => new Store(engine, 'others'),
    unreachable: () => new Store(down, 'sessions'),
    longestText: 100_000,
    rounds: 4
  })
}
