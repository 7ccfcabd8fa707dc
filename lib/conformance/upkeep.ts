import assert from 'node:assert/strict'
import type { Having, Lab } from './lab.js'
import { freshId, freshIds, put, tomorrow, written } from './lab.js'
import { afterExpiry, needs, needsHarness, type Scenario, scenario } from './scenario.js'

/** Setting up, sweeping, clearing and closing. */
export const upkeep: readonly Scenario[] = [
  scenario(
    'setup is harmless when it is repeated, also by several clients at once',
    async (lab) => {
      const [mine, theirs] = [await lab.openWith('setup'), await lab.openWith('setup')]
      const id = freshId()
      const expires = tomorrow()
      const version = await put(mine, id, 'kept', expires)
      await Promise.all([mine.setup(), theirs.setup(), mine.setup()])
      lab.assertRecord(await theirs.read(id), 'kept', version, expires)
      written(await mine.update(id, 'and writable', expires, version), 'update')
    },
    needs('setup')
  ),

  // This runs before the other sweeps, which would remove its expired records.
  afterExpiry(
    'a record that is created anew while a sweep runs is kept',
    async (lab) => {
      const store = await lab.open()
      const expired = freshIds(20)
      await Promise.all(expired.map((id) => put(store, id, 'mortal', lab.soon())))
      return expired
    },
    async (lab, expired) => {
      const store = await lab.openWith('sweep')
      const sweeping = store.sweep()
      const versions = await Promise.all(expired.map((id) => put(store, id, 'second life')))
      await sweeping
      for (const [at, id] of expired.entries()) assert.equal((await store.read(id))?.version, versions[at])
    },
    needs('sweep')
  ),

  scenario(
    'sweep removes what has expired, says how many, and leaves the rest',
    async (lab) => {
      const store = await lab.openWith('sweep')
      const { live, expired } = await halfExpired(lab, store)
      assert.equal(await store.sweep(), expired.length)
      assert.equal(await store.sweep(), 0)
      for (const { id, version, expires } of live) lab.assertRecord(await store.read(id), 'live', version, expires)
      for (const id of expired) assert.equal(await store.read(id), undefined)
    },
    needs('sweep')
  ),

  scenario(
    'sweep stops when its signal has aborted, and the next one does the rest',
    async (lab) => {
      const store = await lab.openWith('sweep')
      const { live, expired } = await halfExpired(lab, store)
      assert.equal(await store.sweep({ signal: AbortSignal.abort() }), 0)
      assert.equal(await store.sweep({ signal: new AbortController().signal }), expired.length)
      for (const { id } of live) assert.equal((await store.read(id))?.text, 'live')
    },
    needs('sweep')
  ),

  scenario(
    'clear removes all records, for every client, and the store goes on',
    async (lab) => {
      const store = await lab.openWith('clear')
      const other = await lab.open()
      const all = freshIds(30)
      await store.clear()
      const versions = await Promise.all(all.map((id) => put(store, id, 'text')))
      await store.clear()
      for (const [at, id] of all.entries()) {
        assert.equal(await other.read(id), undefined)
        assert.equal(await other.update(id, 'late', tomorrow(), written(versions[at], 'create')), undefined)
      }
      const anew = await Promise.all(all.map((id) => put(store, id, 'second life')))
      for (const at of all.keys()) assert.notEqual(anew[at], versions[at], 'clear must not start the versions again')
      await store.clear()
      for (const id of all) assert.equal(await other.read(id), undefined)
    },
    needs('clear')
  ),

  scenario(
    'clear leaves another store on the same engine alone',
    async (lab) => {
      const store = await lab.openWith('clear')
      const neighbour = await lab.neighbour()
      const id = freshId()
      await put(store, id, 'mine')
      const expires = tomorrow()
      const version = await put(neighbour, id, 'of the neighbour', expires)
      await store.clear()
      assert.equal(await store.read(id), undefined)
      lab.assertRecord(await neighbour.read(id), 'of the neighbour', version, expires)
    },
    (harness) => needs('clear')(harness) ?? needsHarness('neighbour')(harness)
  ),

  scenario('closing one client leaves another at work', async (lab) => {
    const [mine, theirs] = await lab.rivals()
    const id = freshId()
    const version = await put(mine, id, 'first')
    await lab.end(mine)
    const next = written(await theirs.update(id, 'second', tomorrow(), version), 'update')
    const read = await theirs.read(id)
    assert.deepEqual([read?.text, read?.version], ['second', next])
  }),

  scenario(
    'a store whose engine is out of reach rejects, and does not answer that a record is absent',
    async (lab) => {
      const store = await lab.unreachable()
      const id = freshId()
      await assert.rejects(async () => store.read(id))
      await assert.rejects(async () => store.create(id, 'text', tomorrow()))
      await assert.rejects(async () => store.update(id, 'text', tomorrow(), 1))
      await assert.rejects(async () => store.touch(id, tomorrow()))
      await assert.rejects(async () => store.remove(id))
      if (store.readMany) await assert.rejects(async () => store.readMany?.([id]))
      if (store.list) await assert.rejects(async () => store.list?.({ limit: 1 }))
      if (store.saveMany) await assert.rejects(async () => store.saveMany?.([{ kind: 'remove', id }]))
    },
    needsHarness('unreachable')
  )
]

/** Creates records of which half have expired, in a store without other expired records. */
async function halfExpired(lab: Lab, store: Having<'sweep'>) {
  const expires = tomorrow()
  await store.sweep()
  const create = async (id: string) => ({ id, expires, version: await put(store, id, 'live', expires) })
  const live = await Promise.all(freshIds(20).map(create))
  const expired = freshIds(20)
  const soon = lab.soon()
  await Promise.all(expired.map((id) => put(store, id, 'mortal', soon)))
  await lab.outwait(soon)
  return { live, expired }
}
