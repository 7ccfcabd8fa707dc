import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { eventually } from '../../servers/eventually.js'
import { bothEnds, lab, run, tomorrow, workerPath } from './lab.js'

test('four processes that increment one record 100 times each make 400', async (t) => {
  const { store, client, start } = await lab(t)
  await store.create('record', '0', tomorrow())
  const conflicts = await run(await Promise.all([1, 2, 3, 4].map(() => start('increment', 100))))
  t.equal((await store.read('record'))?.text, '400')
  t.comment(`conflicts: ${conflicts.join(', ')}`)
  const [ofRecords, ofIndex] = bothEnds(client)
  t.strictSame(ofIndex, ofRecords)
})

test('of processes that create one id at once, one wins', async (t) => {
  for (let round = 0; round < 5; round++) {
    const { store, start } = await lab(t)
    const versions = await run(await Promise.all(['a', 'b', 'c', 'd'].map((text) => start('create', text))))
    const winners = versions.filter((version) => version !== undefined)
    t.equal(winners.length, 1)
    t.equal((await store.read('record'))?.version, winners[0])
  }
})

test('creates and removes of one record alternate, whatever sweeps and stops come between', async (t) => {
  const { store, client, start } = await lab(t)
  const sweeper = await start('sweep')
  sweeper.begin()
  const workers = await Promise.all([1, 2, 3].map(() => start('comeAndGo', 60)))
  const running = run(workers)
  for (const worker of [...workers, ...workers]) {
    worker.process.kill('SIGSTOP')
    await sleep(80)
    worker.process.kill('SIGCONT')
  }
  const worked = (await running) as { created: number; removed: number }[]
  const sum = (key: 'created' | 'removed') => worked.reduce((total, each) => total + each[key], 0)
  t.ok(sum('created') > 0)
  t.equal(sum('created') - sum('removed'), (await store.read('record')) ? 1 : 0)
  t.comment(`${sum('created')} creates and ${sum('removed')} removes worked`)
  const [ofRecords, ofIndex] = bothEnds(client)
  t.strictSame(ofIndex, ofRecords)
})

test('what another process has written is seen at once, also in a turn that has read before', async (t) => {
  const { store, path } = await lab(t)
  const before = store.read('record')
  execFileSync(process.execPath, [workerPath, 'create', path, 'from another'], { env: {} })
  const after = store.read('record')
  t.equal(await before, undefined)
  t.equal((await after)?.text, 'from another')
})

test('a process that comes to a file which another has open is warned, and not of one that was killed', async (t) => {
  const { store, path, start } = await lab(t)
  const warnings: Error[] = []
  const listen = (warning: Error) => warnings.push(warning)
  process.on('warning', listen)
  t.teardown(() => process.off('warning', listen))
  const other = await start('sweep')
  other.begin()
  await eventually(async () => {
    await store.setup()
    await new Promise(setImmediate)
    return warnings.length > 0
  })
  const expected = new RegExp(`^lmdb store: ${path} is open in another process too \\(${other.process.pid}\\)\\. `)
  t.match(warnings[0], { code: 'FST_SESSIONS_LMDB_PROCESSES', message: expected })

  await other.kill()
  const before = warnings.length
  await store.setup()
  await new Promise(setImmediate)
  t.equal(warnings.length, before)
})
