import assert from 'node:assert/strict'
import type { Version } from '../../types/store.js'
import { freshId, put, tomorrow, written } from './lab.js'
import { afterExpiry, type Scenario, scenario } from './scenario.js'

/**
 * An id never has the same version twice, so a writer with an old version can't mistake a newer state for the one that
 * it read.
 */
export const versions: readonly Scenario[] = [
  scenario('every update makes a version that the id has not had before', async (lab) => {
    const clients = await lab.rivals()
    const id = freshId()
    const seen = new Set<Version>([await put(clients[0], id, 'text')])
    let last = [...seen][0] as Version
    for (let turn = 0; turn < 20; turn++) {
      const client = clients[turn % 2] as (typeof clients)[0]
      last = written(await client.update(id, 'text', tomorrow(), last), 'update')
      assert.ok(!seen.has(last), `version ${last} came twice`)
      seen.add(last)
    }
  }),

  scenario('a version is not used again when a record is removed and created anew', async (lab) => {
    const [mine, theirs] = await lab.rivals()
    const id = freshId()
    const first = await put(mine, id, 'first')
    const second = written(await mine.update(id, 'second', tomorrow(), first), 'update')
    await theirs.remove(id)
    const third = await put(theirs, id, 'third')
    const fourth = written(await theirs.update(id, 'fourth', tomorrow(), third), 'update')
    assert.equal(new Set([first, second, third, fourth]).size, 4, 'four states, four versions')
    for (const old of [first, second, third]) {
      assert.equal(
        await mine.update(id, 'late', tomorrow(), old),
        undefined,
        'an old version must not fit the new life'
      )
    }
    assert.equal((await mine.read(id))?.text, 'fourth')
  }),

  scenario('a version is not used again by a client that was opened later', async (lab) => {
    const id = freshId()
    const early = await lab.open()
    const first = await put(early, id, 'first life')
    await early.remove(id)
    await lab.end(early)
    const late = await lab.open()
    const second = await put(late, id, 'second life')
    assert.notEqual(second, first)
    assert.equal(await late.update(id, 'late', tomorrow(), first), undefined)
    assert.equal((await late.read(id))?.text, 'second life')
  }),

  afterExpiry(
    'a version is not used again when a record expires and is created anew',
    async (lab) => {
      const id = freshId()
      return { id, first: await put(await lab.open(), id, 'first life', lab.soon()) }
    },
    async (lab, { id, first }) => {
      const store = await lab.open()
      const second = await put(store, id, 'second life')
      assert.notEqual(second, first)
      assert.equal(await store.update(id, 'late', tomorrow(), first), undefined)
      assert.equal((await store.read(id))?.text, 'second life')
    }
  )
]
