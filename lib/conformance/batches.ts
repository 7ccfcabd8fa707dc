import assert from 'node:assert/strict'
import type { Awaitable, RecordStore, Version, Write, WriteResult } from '../../types/store.js'
import { day, freshId, freshIds, put, tomorrow, written } from './lab.js'
import { needs, type Scenario, scenario } from './scenario.js'

/** `readMany` and `saveMany` do what the single methods do, and answer in order. */
export const batches: readonly Scenario[] = [
  scenario(
    'readMany answers what read answers, in the order of the ids',
    async (lab) => {
      const store = await lab.openWith('readMany')
      const all = freshIds(9)
      for (const id of all.filter((_, index) => index % 3 !== 1)) await put(store, id, `of ${id}`)
      await store.remove(all[3] as string)
      const asked = [...all].sort()
      const single = await Promise.all(asked.map((id) => store.read(id)))
      assert.deepEqual(await store.readMany(asked), single)
      assert.deepEqual(await store.readMany(asked.toReversed()), single.toReversed())
    },
    needs('readMany')
  ),

  scenario(
    'readMany answers an id that is asked twice twice',
    async (lab) => {
      const store = await lab.openWith('readMany')
      const [id, other, absent] = [freshId(), freshId(), freshId()]
      await put(store, id, 'one')
      await put(store, other, 'other')
      const got = await store.readMany([id, absent, other, id, absent])
      assert.deepEqual(
        got.map((record) => record?.text),
        ['one', undefined, 'other', 'one', undefined]
      )
    },
    needs('readMany')
  ),

  scenario(
    'readMany of no ids answers an empty list',
    async (lab) => assert.deepEqual(await (await lab.openWith('readMany')).readMany([]), []),
    needs('readMany')
  ),

  scenario(
    'readMany reads a hundred records',
    async (lab) => {
      const store = await lab.openWith('readMany')
      const all = freshIds(100)
      await Promise.all(all.map((id) => put(store, id, `of ${id}`)))
      const got = await store.readMany(all)
      assert.deepEqual(
        got.map((record) => record?.text),
        all.map((id) => `of ${id}`)
      )
    },
    needs('readMany')
  ),

  scenario(
    'saveMany does what the single methods do, each write on its own',
    async (lab) => {
      const store = await lab.openWith('saveMany')
      const expires = tomorrow()
      const single = await mixedWrites(store, expires)
      const batch = await mixedWrites(store, expires)
      const expected: WriteResult[] = []
      for (const write of single) expected.push(await save(store, write))
      const got = await store.saveMany(batch)
      assert.deepEqual(got.map(outcome), expected.map(outcome))
      for (const [index, write] of batch.entries()) {
        const [mine, twin] = [await store.read(write.id), await store.read((single[index] as Write).id)]
        assert.equal(mine?.text, twin?.text, `the state after ${write.kind} differs`)
        assert.equal(mine?.expires, twin?.expires, `the end after ${write.kind} differs`)
        if (outcome(got[index]) === 'written')
          assert.equal(mine?.version, got[index], 'the version must be the new one')
      }
    },
    needs('saveMany')
  ),

  scenario(
    'saveMany of no writes answers an empty list',
    async (lab) => assert.deepEqual(await (await lab.openWith('saveMany')).saveMany([]), []),
    needs('saveMany')
  ),

  scenario(
    'saveMany writes a hundred records',
    async (lab) => {
      const store = await lab.openWith('saveMany')
      const all = freshIds(100)
      const expires = tomorrow()
      const created = await store.saveMany(all.map((id) => ({ kind: 'create', id, text: `of ${id}`, expires })))
      const versions = created.map((version) => written(version, 'create'))
      const updates = all.map((id, at): Write => update(id, `new of ${id}`, expires, versions[at] as Version))
      for (const version of await store.saveMany(updates)) written(version, 'update')
      for (const id of all) assert.equal((await store.read(id))?.text, `new of ${id}`)
    },
    needs('saveMany')
  ),

  scenario(
    'of two batches that write the same records, one wins each record',
    async (lab) => {
      const [mine, theirs] = [await lab.openWith('saveMany'), await lab.openWith('saveMany')]
      const expires = tomorrow()
      for (let round = 0; round < lab.rounds; round++) {
        const [created, fresh] = [freshIds(3), freshIds(3)]
        const versions = await Promise.all(created.map((id) => put(mine, id, 'first')))
        const by = (text: string): Write[] => [
          ...created.map((id, at) => update(id, text, expires, versions[at] as Version)),
          ...fresh.map((id): Write => ({ kind: 'create', id, text, expires }))
        ]
        const backwards = theirs.saveMany(by('theirs').toReversed())
        const [ours, other] = await Promise.all([mine.saveMany(by('mine')), backwards])
        const answers = other.toReversed()
        for (const [at, id] of [...created, ...fresh].entries()) {
          const outcomes = [outcome(ours[at]), outcome(answers[at])]
          assert.deepEqual(outcomes.toSorted(), ['written', undefined], 'one of two writers must win')
          const text = outcomes[0] === 'written' ? 'mine' : 'theirs'
          lab.assertRecord(await mine.read(id), text, (ours[at] ?? answers[at]) as Version, expires)
        }
      }
    },
    needs('saveMany')
  )
]

/** Makes every kind of write with every possible result, those that fail between the others. */
async function mixedWrites(store: RecordStore, expires: number): Promise<readonly Write[]> {
  const [taken, stale, gone] = [freshId(), freshId(), freshId()]
  const live = await Promise.all(
    freshIds(3).map(async (id) => ({ id, version: await put(store, id, 'live', expires) }))
  )
  const [updated, touched, removed] = live as [(typeof live)[0], (typeof live)[0], (typeof live)[0]]
  await put(store, taken, 'taken', expires)
  const old = await put(store, stale, 'first')
  written(await store.update(stale, 'newer', expires, old), 'update')
  const lost = await put(store, gone, 'to go')
  await store.remove(gone)
  return [
    { kind: 'create', id: taken, text: 'no', expires },
    update(updated.id, 'updated', expires, updated.version),
    update(stale, 'no', expires, old),
    { kind: 'touch', id: freshId(), expires },
    { kind: 'create', id: freshId(), text: 'created', expires },
    update(gone, 'no', expires, lost),
    { kind: 'touch', id: touched.id, expires: expires + day },
    { kind: 'remove', id: freshId() },
    { kind: 'remove', id: removed.id }
  ]
}

function update(id: string, text: string, expires: number, version: Version): Write {
  return { kind: 'update', id, text, expires, version }
}

function save(store: RecordStore, write: Write): Awaitable<WriteResult> {
  switch (write.kind) {
    case 'create':
      return store.create(write.id, write.text, write.expires)
    case 'update':
      return store.update(write.id, write.text, write.expires, write.version)
    case 'touch':
      return store.touch(write.id, write.expires)
    case 'remove':
      return store.remove(write.id)
  }
}

/**
 * Reduces a result to what two runs have in common: each write makes a different version, so only its presence counts.
 */
function outcome(result: WriteResult): 'written' | boolean | undefined {
  return typeof result === 'string' || typeof result === 'number' ? 'written' : result
}
