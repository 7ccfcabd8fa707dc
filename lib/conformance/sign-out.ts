import assert from 'node:assert/strict'
import { freshId, put, tomorrow, written } from './lab.js'
import { afterExpiry, type Scenario, scenario } from './scenario.js'

/** Signing out is final: a removed or retired record stays so, however slow a concurrent writer is. */
export const signOut: readonly Scenario[] = [
  scenario('a slow writer cannot bring a removed record back', async (lab) => {
    const [slow, quick] = await lab.rivals()
    const id = freshId()
    await put(slow, id, 'signed in')
    const read = await slow.read(id)
    assert.equal(await quick.remove(id), true)
    assert.equal(await slow.update(id, 'late', tomorrow(), written(read?.version, 'read')), undefined)
    assert.equal(await slow.touch(id, tomorrow()), false)
    for (const store of [slow, quick]) assert.equal(await store.read(id), undefined)
  }),

  scenario('a slow writer cannot write over a retired record', async (lab) => {
    const [slow, quick] = await lab.rivals()
    const [old, fresh] = [freshId(), freshId()]
    const read = await put(slow, old, 'signed in')
    await put(quick, fresh, 'signed in')
    const grace = Date.now() + 60_000
    const retired = written(await quick.update(old, `see ${fresh}`, grace, read), 'update')
    assert.equal(await slow.update(old, 'late', tomorrow(), read), undefined)
    lab.assertRecord(await slow.read(old), `see ${fresh}`, retired, grace)
    assert.equal((await slow.read(fresh))?.text, 'signed in')
  }),

  afterExpiry(
    'a retired record is gone when its grace is over, and its successor is not',
    async (lab) => {
      const [slow, quick] = await lab.rivals()
      const [old, fresh] = [freshId(), freshId()]
      const read = await put(slow, old, 'signed in')
      await put(quick, fresh, 'signed in')
      written(await quick.update(old, `see ${fresh}`, lab.soon(), read), 'update')
      assert.equal(await slow.update(old, 'late', tomorrow(), read), undefined)
      return { old, fresh, read }
    },
    async (lab, { old, fresh, read }) => {
      const store = await lab.open()
      assert.equal(await store.update(old, 'late', tomorrow(), read), undefined)
      assert.equal(await store.read(old), undefined)
      assert.equal((await store.read(fresh))?.text, 'signed in')
    }
  ),

  scenario('remove wins over an update at the same time', async (lab) => {
    const [mine, theirs] = await lab.rivals()
    for (let round = 0; round < lab.rounds; round++) {
      const id = freshId()
      const version = await put(mine, id, 'first')
      const racing = [() => mine.update(id, 'second', tomorrow(), version), () => theirs.remove(id)]
      const answers = await Promise.all((round % 2 ? racing : racing.toReversed()).map((call) => call()))
      assert.ok(answers.includes(true), 'remove found a live record, so it must answer true')
      assert.equal(await mine.read(id), undefined, 'the update must not outlive the remove')
    }
  }),

  scenario('remove wins over a touch at the same time', async (lab) => {
    const [mine, theirs] = await lab.rivals()
    for (let round = 0; round < lab.rounds; round++) {
      const id = freshId()
      await put(mine, id, 'first')
      const racing = [() => mine.touch(id, tomorrow()), () => theirs.remove(id), () => mine.touch(id, tomorrow())]
      const [, removed] = await Promise.all(racing.map((call) => call()))
      assert.equal(removed, true, 'remove found a live record, so it must answer true')
      assert.equal(await mine.read(id), undefined, 'the touch must not outlive the remove')
    }
  }),

  scenario('of two removes at once, one removed the record', async (lab) => {
    const [mine, theirs] = await lab.rivals()
    for (let round = 0; round < lab.rounds; round++) {
      const id = freshId()
      await put(mine, id, 'first')
      const answers = await Promise.all([mine.remove(id), theirs.remove(id)])
      assert.deepEqual(answers.toSorted(), [false, true])
    }
  }),

  scenario('a remove and a create at the same time leave what their answers say', async (lab) => {
    const [mine, theirs] = await lab.rivals()
    for (let round = 0; round < lab.rounds; round++) {
      const id = freshId()
      await put(mine, id, 'first')
      const [removed, created] = await Promise.all([mine.remove(id), theirs.create(id, 'second', tomorrow())])
      assert.equal(removed, true)
      const record = await mine.read(id)
      assert.deepEqual(
        [record?.text, record?.version],
        created === undefined ? [undefined, undefined] : ['second', created]
      )
    }
  })
]
