import { test } from 'tap'
import { conformanceCases, type StoreHarness } from '../../lib/conformance/index.js'
import { Engine, type Row, SoundStore } from '../broken-stores/sound-store.js'

/** An engine like memcached: ends are whole seconds, and so are the ticks of its clock. */
class WholeSeconds extends SoundStore {
  override end(expires: number) {
    return Math.ceil(expires / 1000) * 1000
  }
  override isLive(row: Row | undefined) {
    return row !== undefined && row.expires > Math.floor(Date.now() / 1000) * 1000
  }
}

test('an engine that counts whole seconds passes when its harness says so', async (t) => {
  const engine = new Engine()
  const open = () => new WholeSeconds(engine, 'sessions')
  t.same(await failures({ open, granularity: 1000, lacks: ['sweep'], rounds: 2 }), [])
})

test('an engine that rounds the end fails when its harness promises milliseconds', async (t) => {
  const engine = new Engine()
  const failed = await failures({ open: () => new WholeSeconds(engine, 'sessions'), lacks: ['sweep'], rounds: 2 })
  t.ok(failed.includes('a near end comes back as it was given'))
})

test('a case that does not apply stays in the list, says why, and does nothing', async (t) => {
  const open = () => t.fail('a skipped case must not open the store') as never
  const cases = conformanceCases({ open, lacks: ['sweep', 'readMany'], nul: false })
  const skipped = new Map(cases.filter((one) => one.skipped).map((one) => [one.name, one]))
  t.equal(skipped.get('U+0000 comes back character for character')?.skipped, 'the engine has no U+0000')
  t.equal(skipped.get('the store has sweep')?.skipped, 'the store has no sweep')
  t.equal(skipped.get('readMany of no ids answers an empty list')?.skipped, 'the store has no readMany')
  for (const { run } of skipped.values()) await run()
  t.equal(cases.length, conformanceCases({ open }).length)
})

test('every case has a name of its own', async (t) => {
  const names = conformanceCases({ open: () => new SoundStore(new Engine(), 'sessions') }).map(({ name }) => name)
  t.equal(new Set(names).size, names.length)
})

test('every client that a case opened is closed behind it, also when the case failed', async (t) => {
  const engine = new Engine()
  let open = 0
  const harness: StoreHarness = {
    open: () => {
      open++
      const store = new SoundStore(engine, 'sessions')
      store.remove = () => Promise.reject(new Error('the engine stumbles'))
      return store
    },
    close: () => {
      open--
    },
    rounds: 2
  }
  t.ok((await failures(harness)).length > 5)
  t.equal(open, 0)
})

test('what broke is shown, not that closing failed as well', async (t) => {
  const engine = new Engine()
  const harness: StoreHarness = {
    open: () => {
      const store = new SoundStore(engine, 'sessions')
      store.touch = () => Promise.reject(new Error('the engine stumbles'))
      return store
    },
    close: () => {
      throw new Error('and falls')
    }
  }
  const run = (name: string) =>
    conformanceCases(harness)
      .find((one) => one.name === name)
      ?.run() ?? Promise.resolve()
  await t.rejects(run('touch answers true when the end stays where it is'), { message: 'the engine stumbles' })
  await t.rejects(run('a store says that it is a record store'), { message: 'and falls' })
})

async function failures(harness: StoreHarness): Promise<readonly string[]> {
  const failed: string[] = []
  for (const { name, run } of conformanceCases(harness)) await run().catch(() => failed.push(name))
  return failed
}
