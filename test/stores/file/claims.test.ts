import { existsSync } from 'node:fs'
import { test } from 'tap'
import { type Claim, exchange, removeEnded, replace } from '../../../lib/stores/file/claims.js'
import { makeShard } from '../../../lib/stores/file/directory.js'
import { remove } from '../../../lib/stores/file/disk.js'
import { claimPath } from '../../../lib/stores/file/layout.js'
import { readHead, readWhole, reuseAfter } from '../../../lib/stores/file/state.js'
import { Temps } from '../../../lib/stores/file/temps.js'
import { putClockForward } from './clock.js'
import { Rival } from './instants.js'
import { freshId, type Lab, lab, namesIn, tomorrow } from './lab.js'

test('a claim whose temporary file was taken away stays until the record has moved on', async (t) => {
  const { found, temps, claim, from } = await claimed(t)
  const first = temps.record(found.shard, found.id, 'first', tomorrow())
  const fits = () => remove(first.path) // what a rival does who has waited long enough
  t.equal(await replace({ ...claim, fits }, first), 'void')
  t.ok(existsSync(claimPath(found, from, 0)), 'claim 0 is not free again: someone may be in claim 1')

  const second = temps.record(found.shard, found.id, 'second', tomorrow())
  t.equal(await replace(claim, second), 'done')
  t.equal(readWhole(found.record, found.id)?.text, 'second')
  t.same(namesIn(found.shard).length, 1, 'and both claims are gone')
})

test('a claim that is given up stays until the record has moved on, and keeps nobody out', async (t) => {
  const { found, temps, claim, from } = await claimed(t)
  const first = temps.record(found.shard, found.id, 'first', tomorrow())
  t.equal(await exchange({ ...claim, fits: () => false }, first, temps), 'lost')
  t.ok(existsSync(claimPath(found, from, 0)))
  t.notOk(existsSync(first.path))

  const second = temps.record(found.shard, found.id, 'second', tomorrow())
  t.equal(await exchange(claim, second, temps), 'done')
  temps.dispose()
  t.same(namesIn(found.shard).length, 1)
})

test('a claim on a state that is gone is lost and leaves nothing', async (t) => {
  const { found, temps, claim } = await claimed(t)
  t.equal(await replace(claim, temps.record(found.shard, found.id, 'first', tomorrow())), 'done')
  t.equal(await replace(claim, temps.record(found.shard, found.id, 'late', tomorrow())), 'lost')
  t.equal(await removeEnded(claim), 'lost')
  remove(found.record)
  t.equal(await replace(claim, temps.record(found.shard, found.id, 'late', tomorrow())), 'lost')
  t.equal(await removeEnded(claim), 'void', 'there is nothing to link to')
  t.same(namesIn(found.shard), [])
})

test('a removal that stalls once it knows that it may remove, removes nothing', async (t) => {
  const { found, claim } = await claimed(t)
  await found.store.touch(found.id, Date.now() - 1000)
  const rival = new Rival(found.directory)
  t.teardown(() => rival.end())
  const fits = () => rival.now('create', found.id) === true
  t.equal(await removeEnded({ ...claim, fits }), 'void')
  t.equal((await found.store.read(found.id))?.text, 'b')
})

test('a spare file that has another name is not written', async (t) => {
  const { found, temps } = await claimed(t)
  const state = readHead(found.record)
  const held = state && temps.hold(found.shard, found.record, state)
  if (held) temps.keep(found.shard, held)
  t.ok(held)
  putClockForward(reuseAfter)
  temps.record(found.shard, freshId(), 'of another', tomorrow())
  t.equal((await found.store.read(found.id))?.text, 'text')
})

/** A record, and a claim on its state. */
async function claimed(t: Parameters<typeof lab>[0]) {
  const found: Lab = await lab(t)
  const from = (await found.store.create(found.id, 'text', tomorrow())) as string
  const claim: Claim = { shard: found.shard, record: found.record, from, fits: () => true }
  return { found, temps: new Temps(makeShard), claim, from }
}
