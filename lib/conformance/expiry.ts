import assert from 'node:assert/strict'
import type { Version } from '../../types/store.js'
import type { Lab } from './lab.js'
import { day, freshId, freshIds, put, tomorrow, written } from './lab.js'
import { afterExpiry, needs, type Scenario, type Skip, scenario } from './scenario.js'

/**
 * Further than the 30 days after which memcached's expiration times change their meaning, and than the 2^31 ms of a
 * timer.
 */
const farAway = 400 * day

/** An expired record is absent for every method, whether or not a sweep has removed it. */
export const expiry: readonly Scenario[] = [
  onExpired('an expired record is not read', async (lab, { id }) => {
    assert.equal(await (await lab.open()).read(id), undefined)
  }),

  onExpired('an expired record cannot be updated by one who read it in time', async (lab, { id, version }) => {
    const store = await lab.open()
    assert.equal(await store.update(id, 'late', tomorrow(), version), undefined)
    assert.equal(await store.read(id), undefined)
  }),

  onExpired('touch does not bring an expired record back', async (lab, { id }) => {
    const store = await lab.open()
    assert.equal(await store.touch(id, tomorrow()), false)
    assert.equal(await store.read(id), undefined)
  }),

  onExpired('remove answers false for an expired record', async (lab, { id }) => {
    assert.equal(await (await lab.open()).remove(id), false)
  }),

  onExpired('an id whose record has expired can be created anew', async (lab, { id }) => {
    const [mine, theirs] = await lab.rivals()
    const expires = tomorrow()
    const version = await put(mine, id, 'second life', expires)
    lab.assertRecord(await theirs.read(id), 'second life', version, expires)
    assert.equal(await theirs.create(id, 'third life', expires), undefined)
  }),

  onExpired('of many that create an expired id anew at once, one wins', async (lab, { id }) => {
    const clients = await lab.rivals()
    const attempts = Array.from({ length: 10 }, (_, index) => `writer ${index}`)
    const answers = await Promise.all(attempts.map((text, index) => clients[index % 2]?.create(id, text, tomorrow())))
    const winners = attempts.filter((_, index) => answers[index] !== undefined)
    assert.equal(winners.length, 1, `${winners.length} creates of one id were told that they worked`)
    assert.equal((await clients[0].read(id))?.text, winners[0])
  }),

  onExpired(
    'readMany leaves out what has expired',
    async (lab, { id }) => {
      const store = await lab.openWith('readMany')
      const live = freshId()
      await put(store, live, 'live')
      const got = await store.readMany([id, live, id])
      assert.deepEqual(
        got.map((record) => record?.text),
        [undefined, 'live', undefined]
      )
    },
    needs('readMany')
  ),

  afterExpiry(
    'saveMany finds expired records absent',
    async (lab) => {
      const store = await lab.open()
      return Promise.all(freshIds(4).map(async (id) => ({ id, version: await put(store, id, 'old', lab.soon()) })))
    },
    async (lab, [updated, touched, removed, created]) => {
      assert.ok(updated && touched && removed && created)
      const store = await lab.openWith('saveMany')
      const expires = tomorrow()
      const answers = await store.saveMany([
        { kind: 'update', ...updated, text: 'late', expires },
        { kind: 'touch', id: touched.id, expires },
        { kind: 'remove', id: removed.id },
        { kind: 'create', id: created.id, text: 'new', expires }
      ])
      assert.deepEqual(answers.slice(0, 3), [undefined, false, false])
      lab.assertRecord(await store.read(created.id), 'new', written(answers[3], 'create'), expires)
      for (const { id } of [updated, touched, removed]) assert.equal(await store.read(id), undefined)
    },
    needs('saveMany')
  ),

  afterExpiry(
    'touch and update keep a record alive past its first end',
    async (lab) => {
      const store = await lab.open()
      const touched = await inItsLife(lab, async (id, end) => {
        await put(store, id, 'touched', end)
        assert.equal(await store.touch(id, tomorrow()), true)
      })
      const updated = await inItsLife(lab, async (id, end) => {
        const version = await put(store, id, 'first', end)
        written(await store.update(id, 'updated', tomorrow(), version), 'update')
      })
      return { touched, updated }
    },
    async (lab, { touched, updated }) => {
      const store = await lab.open()
      assert.equal((await store.read(touched))?.text, 'touched')
      assert.equal((await store.read(updated))?.text, 'updated')
    }
  ),

  afterExpiry(
    'touch and update can bring the end nearer',
    async (lab) => {
      const store = await lab.open()
      const [touched, updated] = [freshId(), freshId()]
      await put(store, touched, 'touched')
      assert.equal(await store.touch(touched, lab.soon()), true)
      const version = await put(store, updated, 'first')
      written(await store.update(updated, 'updated', lab.soon(), version), 'update')
      return [touched, updated]
    },
    async (lab, ended) => {
      const store = await lab.open()
      for (const id of ended) assert.equal(await store.read(id), undefined)
    }
  ),

  scenario('a near end comes back as it was given', async (lab) => {
    const store = await lab.open()
    const id = freshId()
    for (const ahead of [60_000, 61_234, 3_599_999]) {
      const expires = Date.now() + ahead
      const version = await put(store, id, 'text', expires)
      lab.assertRecord(await store.read(id), 'text', version, expires)
      await store.remove(id)
    }
  }),

  afterExpiry(
    'an end 400 days away is kept',
    async (lab) => {
      const store = await lab.open()
      const [created, touched, updated] = [freshId(), freshId(), freshId()]
      const expires = Date.now() + farAway
      await put(store, created, 'far', expires)
      await put(store, touched, 'far')
      await store.touch(touched, expires)
      await store.update(updated, 'far', expires, await put(store, updated, 'near'))
      return { all: [created, touched, updated], expires }
    },
    async (lab, { all, expires }) => {
      const store = await lab.open()
      for (const id of all) {
        const record = await store.read(id)
        assert.equal(record?.text, 'far')
        lab.assertEnd(record?.expires, expires)
      }
    }
  ),

  scenario('a record that is created with a past end is absent', async (lab) => {
    const store = await lab.open()
    const id = freshId()
    await store.create(id, 'stillborn', Date.now() - 60_000)
    assert.equal(await store.read(id), undefined)
    await put(store, id, 'live')
    assert.equal(await store.create(id, 'stillborn', Date.now() - 60_000), undefined)
    assert.equal((await store.read(id))?.text, 'live', 'and does not disturb a live one')
  }),

  scenario('touch and update with a past end end the record', async (lab) => {
    const store = await lab.open()
    const [touched, updated] = [freshId(), freshId()]
    await put(store, touched, 'live')
    await store.touch(touched, Date.now() - 60_000)
    assert.equal(await store.read(touched), undefined)
    const version = await put(store, updated, 'live')
    await store.update(updated, 'ended', Date.now() - 60_000, version)
    assert.equal(await store.read(updated), undefined)
    assert.equal(await store.update(updated, 'late', tomorrow(), version), undefined)
  })
]

interface Expired {
  readonly id: string
  readonly version: Version
}

/** A scenario about a record that was created, and has expired since. */
function onExpired(name: string, check: (lab: Lab, expired: Expired) => Promise<void>, skip?: Skip): Scenario {
  const prepare = async (lab: Lab) => {
    const id = freshId()
    return { id, version: await put(await lab.open(), id, 'mortal', lab.soon()) }
  }
  return afterExpiry(name, prepare, check, skip)
}

/**
 * Makes a record that expires soon, and changes it while it is live. It tries again when a busy machine took longer
 * than the record lived.
 */
async function inItsLife(lab: Lab, change: (id: string, end: number) => Promise<void>): Promise<string> {
  for (let tries = 1; ; tries++) {
    const [id, end] = [freshId(), lab.soon()]
    try {
      await change(id, end)
      return id
    } catch (error) {
      if (Date.now() < end || tries === 10) throw error
    }
  }
}
