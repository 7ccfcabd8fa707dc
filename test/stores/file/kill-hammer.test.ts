import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import { end, lab, namesIn, sweptNames, tomorrow } from './lab.js'

const kills = 30

test(`after each of ${kills} kills the record is whole, no answered write is lost, and it can be written`, async (t) => {
  const { store, directory, id, record, shard, start } = await lab(t)
  const log = join(directory, 'log')
  await store.create(id, '0  0', tomorrow())
  let slowest = 0
  let last = 0
  let next = start('count', log)
  for (let kill = 0; kill < kills; kill++) {
    const { process, begin } = await next
    next = start('count', log)
    begin()
    await sleep(3 + Math.random() * 25)
    await end(process)

    const found = await store.read(id)
    const [number, padding, again] = found?.text.split(' ') ?? []
    if (number !== again || padding?.length !== (kill === 0 && number === '0' ? 0 : (Number(number) * 7919) % 3000)) {
      t.fail(`torn: ${found?.text.slice(0, 100)}`)
    }
    const answered = lastLine(log)
    if (Number(number) < answered || Number(number) > Math.max(answered, last) + 1) {
      t.fail(`the record says ${number}, and the last answered write was ${answered}`)
    }
    const before = performance.now()
    last = Number(number) + 1
    const padded = 'x'.repeat((last * 7919) % 3000)
    const version = await store.update(id, `${last} ${padded} ${last}`, tomorrow(), found?.version ?? '')
    if (version === undefined) t.fail('the record could not be written after a kill')
    slowest = Math.max(slowest, performance.now() - before)
  }
  await next
  t.ok(lastLine(log) > kills, `${lastLine(log)} writes were answered`)
  t.ok(slowest < 3000, `the slowest write after a kill took ${slowest.toFixed(1)} ms`)
  t.comment(`left by the dead: ${namesIn(shard).length - 1} files; slowest write: ${slowest.toFixed(1)} ms`)
  t.same(await sweptNames(shard), [record.slice(shard.length + 1)], 'a sweep cleans up what the dead left')
  t.ok(await store.read(id))
})

function lastLine(log: string): number {
  try {
    return Number(readFileSync(log, 'utf8').trimEnd().split('\n').at(-1))
  } catch {
    return 0
  }
}
