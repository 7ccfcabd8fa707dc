import { existsSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { test } from 'tap'
import { claimPath, tempPath, workPath } from '../../../lib/stores/file/layout.js'
import { fileStore, type SweepProgress } from '../../../lib/stores/file.js'
import { putClockForward } from './clock.js'
import { callsOf, patchedCalls } from './instants.js'
import { freshId, type Lab, lab, namesIn, tomorrow } from './lab.js'

test('a sweep opens no record that has not expired', async (t) => {
  const { store } = await lab(t)
  for (let count = 0; count < 50; count++) await store.create(freshId(), 'text', tomorrow())
  const calls = await callsOf(() => store.sweep())
  t.equal(calls.filter((call) => call === 'openSync').length, 0)
  await store.create(freshId(), 'text', yesterday())
  t.ok((await callsOf(() => store.sweep())).includes('openSync'), 'and opening would have been seen')
})

test('a sweep tells how far it is', async (t) => {
  const { store } = await lab(t)
  for (let count = 0; count < 40; count++) await store.create(freshId(), 'text', count % 4 ? tomorrow() : yesterday())
  const told: SweepProgress[] = []
  await store.sweep({ onProgress: (progress) => told.push(progress) })
  t.same(
    told.map(({ shards }) => shards),
    Array.from({ length: 256 }, (_, at) => at + 1)
  )
  t.same(told.at(-1), { shards: 256, examined: 40, removed: 10 })
  t.ok(told.every(({ examined }, at) => examined >= (told[at - 1]?.examined ?? 0)))
})

test('sweeps that are always aborted early get everywhere in the end', async (t) => {
  const { store } = await lab(t)
  for (let count = 0; count < 100; count++) await store.create(freshId(), 'text', yesterday())
  let removed = 0
  for (let turn = 0; turn < 128; turn++) {
    const controller = new AbortController()
    const onProgress = ({ shards }: SweepProgress) => void (shards === 2 && controller.abort())
    removed += await store.sweep({ signal: controller.signal, onProgress })
  }
  t.equal(removed, 100)
})

test('two sweeps at once remove everything once', async (t) => {
  const { store } = await lab(t)
  for (let count = 0; count < 500; count++) await store.create(freshId(), 'text', yesterday())
  const removed = await Promise.all([store.sweep(), store.sweep()])
  t.equal(removed[0] + removed[1], 500)
})

test('a sweep works in slices and lets others run between them', async (t) => {
  const { store } = await lab(t)
  for (let count = 0; count < 3000; count++) await store.create(freshId(), 'text', count % 2 ? tomorrow() : yesterday())
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  let turns = 0
  const turning = setInterval(() => turns++, 1)
  t.equal(await store.sweep(), 1500)
  clearInterval(turning)
  delay.disable()
  t.ok(turns > 10, `others ran ${turns} times`)
  t.comment(`event loop delay: at most ${(delay.max / 1e6).toFixed(1)} ms`)
})

test('a sweep of files that each take a millisecond looks at a few, then lets others run', async (t) => {
  const { store, id } = await lab(t)
  const alike = Array.from({ length: 200 }, () => `${id.slice(0, 2)}${freshId().slice(2)}`)
  for (const [at, each] of alike.entries()) await store.create(each, 'text', at % 20 ? tomorrow() : yesterday())
  let [inOneTurn, most] = [0, 0]
  const nextTurn = () => {
    inOneTurn = 0
    turning = setImmediate(nextTurn)
  }
  let turning = setImmediate(nextTurn)
  const before = (call: string) => {
    if (call === 'lstatSync') most = Math.max(most, ++inOneTurn)
    putClockForward(1)
  }
  await patchedCalls(before, () => store.sweep())
  clearImmediate(turning)
  t.ok(most > 0 && most <= 5, `${most} files were looked at in one go`)
})

test('a sweep takes the marks of removed records away, and does not count them', async (t) => {
  const { store, id, shard } = await lab(t)
  await store.create(id, 'text', tomorrow())
  await store.remove(id)
  t.equal(namesIn(shard).length, 1)
  t.equal(await store.sweep(), 0)
  t.same(namesIn(shard), [])
})

test('a sweep takes temporary files away after a minute, and claims on states that are gone at once', async (t) => {
  const found = await lab(t)
  const { store, id, record, shard } = found
  const version = await store.create(id, 'text', tomorrow())
  const temp = tempPath(shard, '0'.repeat(24))
  const stale = claimPath(found, '1'.repeat(24), 0)
  const current = claimPath(found, version as string, 0)
  for (const path of [temp, stale, current]) writeFileSync(path, '')
  await store.sweep()
  t.same(paths(found), [record, current, temp].sort())
  await aMinuteLater(() => store.sweep())
  t.same(paths(found), [record, current].sort())
  t.ok(await store.update(id, 'new', tomorrow(), version ?? ''), 'an abandoned claim keeps nobody out')
  await store.close()
  t.same(paths(found), [record], 'and who passes it takes it away')
})

test('a writer whose temporary file is swept away while it waits for the disk writes it again', async (t) => {
  const { directory, id, shard } = await lab(t)
  const store = fileStore({ directory, durability: 'fsync' })
  const version = await store.create(id, 'old', tomorrow())
  const writing = store.update(id, 'new', tomorrow(), version ?? '')
  const temps = () => readdirSync(workPath(shard)).filter((name) => name.endsWith('.tmp'))
  t.equal(temps().length, 1)
  for (const name of temps()) unlinkSync(join(workPath(shard), name))
  t.ok(await writing)
  t.equal((await store.read(id))?.text, 'new')
})

test('clear leaves no file, also of what others have begun, and close none of its spares', async (t) => {
  const found = await lab(t)
  const { store, id, record, shard } = found
  let version = await store.create(id, 'text', tomorrow())
  for (let turn = 0; turn < 5; turn++) version = await store.update(id, 'text', tomorrow(), version ?? '')
  t.ok(paths(found).length > 1, 'a store keeps spare files while it is open')
  await store.close()
  t.same(paths(found), [record])
  writeFileSync(tempPath(shard, '0'.repeat(24)), '')
  writeFileSync(claimPath(found, '1'.repeat(24), 0), '')
  await store.clear()
  t.same(paths(found), [])
})

function paths({ shard, record }: Lab): readonly string[] {
  const inTheMaking = readdirSync(workPath(shard)).map((name) => join(workPath(shard), name))
  return [...(existsSync(record) ? [record] : []), ...inTheMaking].sort()
}

async function aMinuteLater(work: () => Promise<unknown>): Promise<void> {
  const now = Date.now
  Date.now = () => now() + 61_000
  await work().finally(() => {
    Date.now = now
  })
}

function yesterday(): number {
  return Date.now() - 86_400_000
}
