import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { lab, tomorrow, type Worker } from './lab.js'

test('four processes that increment one record 200 times each make 800', async (t) => {
  const { store, id, start } = await lab(t)
  await store.create(id, '0', tomorrow())
  const workers = await Promise.all([1, 2, 3, 4].map(() => start('increment', 200)))
  const conflicts = await run(workers)
  t.equal((await store.read(id))?.text, '800')
  t.comment(`conflicts: ${conflicts.join(', ')}`)
})

test('a process that is stopped at any instant, for longer than others wait, loses nothing and undoes nothing', async (t) => {
  const { store, id, start } = await lab(t)
  await store.create(id, '0', tomorrow())
  const workers = await Promise.all([1, 2, 3].map(() => start('increment', 4000)))
  const running = run(workers)
  const stopping = stopNowAndThen(workers, 25)
  await Promise.all([running, stopping])
  t.equal((await store.read(id))?.text, '12000')
})

test('of processes that create one id at once, one wins', async (t) => {
  for (let round = 0; round < 3; round++) {
    const { store, id, start } = await lab(t)
    const workers = await Promise.all(['a', 'b', 'c', 'd'].map((text) => start('create', text)))
    const versions = await run(workers)
    const winners = versions.filter((version) => version !== undefined)
    t.equal(winners.length, 1)
    t.equal((await store.read(id))?.version, winners[0])
  }
})

test('creates and removes of one record alternate, whatever sweeps and stops come between', async (t) => {
  const { store, id, start } = await lab(t)
  const sweepers = await Promise.all([start('sweep'), start('sweep')])
  for (const sweeper of sweepers) sweeper.begin()
  const workers = await Promise.all([1, 2, 3].map(() => start('comeAndGo', 600)))
  const running = run(workers)
  await stopNowAndThen(workers, 8)
  const worked = (await running) as { created: number; removed: number }[]
  const sum = (key: 'created' | 'removed') => worked.reduce((total, each) => total + each[key], 0)
  t.ok(sum('created') > 0)
  t.equal(sum('created') - sum('removed'), (await store.read(id)) ? 1 : 0)
  t.comment(`${sum('created')} creates and ${sum('removed')} removes worked`)
})

/** Lets all begin together; resolves to their results. */
function run(workers: readonly Worker[]): Promise<unknown[]> {
  for (const worker of workers) worker.begin()
  return Promise.all(workers.map(({ result }) => result))
}

async function stopNowAndThen(workers: readonly Worker[], times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const { process } = workers[time % workers.length] as Worker
    await sleep(Math.random() * 20)
    process.kill('SIGSTOP')
    await sleep(120 + Math.random() * 100)
    process.kill('SIGCONT')
  }
}
