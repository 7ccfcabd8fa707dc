import assert from 'node:assert/strict'
import type { OptionalMethod } from './harness.js'
import { day, freshId, put, tomorrow, written } from './lab.js'
import { needs, type Scenario, scenario } from './scenario.js'

const optional: readonly OptionalMethod[] = ['readMany', 'saveMany', 'list', 'setup', 'clear', 'sweep']

/** The answer of every method, without concurrency. */
export const methods: readonly Scenario[] = [
  scenario('a store says that it is a record store', async (lab) => {
    assert.equal((await lab.open()).kind, 'record')
  }),

  ...optional.map((method) =>
    scenario(`the store has ${method}`, async (lab) => void (await lab.openWith(method)), needs(method))
  ),

  scenario('an id that was never written is absent for every method', async (lab) => {
    const store = await lab.open()
    const id = freshId()
    const other = await put(store, freshId(), 'another record, whose version is a true one')
    assert.equal(await store.read(id), undefined)
    assert.equal(await store.update(id, 'text', tomorrow(), other), undefined)
    assert.equal(await store.touch(id, tomorrow()), false)
    assert.equal(await store.remove(id), false)
    assert.equal(await store.read(id), undefined, 'none of them may have made a record')
  }),

  scenario('what create wrote is read, by this client and by another', async (lab) => {
    const [mine, theirs] = await lab.rivals()
    const id = freshId()
    const expires = tomorrow()
    const version = await put(mine, id, 'first', expires)
    lab.assertRecord(await mine.read(id), 'first', version, expires)
    lab.assertRecord(await theirs.read(id), 'first', version, expires)
  }),

  scenario('create leaves a live record alone and answers undefined', async (lab) => {
    const [mine, theirs] = await lab.rivals()
    const id = freshId()
    const expires = tomorrow()
    const version = await put(mine, id, 'first', expires)
    assert.equal(await theirs.create(id, 'second', expires + day), undefined)
    assert.equal(await mine.create(id, 'first', expires), undefined, 'also when nothing would change')
    lab.assertRecord(await mine.read(id), 'first', version, expires)
  }),

  scenario('update replaces the state that it names: text, version and end', async (lab) => {
    const [mine, theirs] = await lab.rivals()
    const id = freshId()
    const first = await put(mine, id, 'first')
    assert.deepEqual(await theirs.read(id), await mine.read(id))
    const expires = tomorrow() + day
    const second = written(await theirs.update(id, 'second', expires, first), 'update')
    for (const store of [mine, theirs]) lab.assertRecord(await store.read(id), 'second', second, expires)
    const sooner = expires - day
    const third = written(await mine.update(id, 'third', sooner, second), 'update')
    for (const store of [mine, theirs]) lab.assertRecord(await store.read(id), 'third', third, sooner)
  }),

  scenario('update of an older version changes nothing and answers undefined', async (lab) => {
    const [mine, theirs] = await lab.rivals()
    const id = freshId()
    const first = await put(mine, id, 'first')
    const expires = tomorrow()
    const second = written(await theirs.update(id, 'second', expires, first), 'update')
    assert.equal(await mine.update(id, 'late', expires + day, first), undefined)
    assert.equal(await theirs.update(id, 'late', expires + day, first), undefined)
    lab.assertRecord(await mine.read(id), 'second', second, expires)
  }),

  scenario('update works when neither text nor end change', async (lab) => {
    const store = await lab.open()
    const id = freshId()
    const expires = tomorrow()
    const first = await put(store, id, 'same', expires)
    const second = written(await store.update(id, 'same', expires, first), 'update')
    assert.notEqual(second, first, 'a write is a new version, whatever it wrote')
    lab.assertRecord(await store.read(id), 'same', second, expires)
  }),

  scenario('touch moves the end both ways, and neither text nor version', async (lab) => {
    const [mine, theirs] = await lab.rivals()
    const id = freshId()
    const expires = tomorrow()
    const version = await put(mine, id, 'first', expires)
    for (const end of [expires + day, expires - day / 2]) {
      assert.equal(await theirs.touch(id, end), true)
      lab.assertRecord(await mine.read(id), 'first', version, end)
    }
  }),

  scenario('touch answers true when the end stays where it is', async (lab) => {
    const store = await lab.open()
    const id = freshId()
    const expires = tomorrow()
    await put(store, id, 'first', expires)
    assert.equal(await store.touch(id, expires), true)
    assert.equal(await store.touch(id, expires), true)
  }),

  scenario('a writer that read before a touch can still update', async (lab) => {
    const [mine, theirs] = await lab.rivals()
    const id = freshId()
    const version = await put(mine, id, 'first')
    const expires = tomorrow() + day
    assert.equal(await theirs.touch(id, expires), true)
    const next = written(await mine.update(id, 'second', expires, version), 'update after a touch')
    lab.assertRecord(await theirs.read(id), 'second', next, expires)
  }),

  scenario('remove ends a record once, for every client', async (lab) => {
    const [mine, theirs] = await lab.rivals()
    const id = freshId()
    await put(mine, id, 'first')
    assert.equal(await theirs.remove(id), true)
    assert.equal(await mine.read(id), undefined)
    assert.equal(await mine.remove(id), false)
    assert.equal(await mine.touch(id, tomorrow()), false)
    assert.equal(await theirs.read(id), undefined)
  }),

  scenario('an id can be created again after remove', async (lab) => {
    const [mine, theirs] = await lab.rivals()
    const id = freshId()
    await put(mine, id, 'first')
    await mine.remove(id)
    const expires = tomorrow()
    const version = await put(theirs, id, 'second', expires)
    lab.assertRecord(await mine.read(id), 'second', version, expires)
  }),

  scenario('a record outlives the client that wrote it', async (lab) => {
    const first = await lab.open()
    const id = freshId()
    const expires = tomorrow()
    const version = await put(first, id, 'still here', expires)
    await lab.end(first)
    const second = await lab.open()
    lab.assertRecord(await second.read(id), 'still here', version, expires)
    written(await second.update(id, 'and writable', expires, version), 'update')
  })
]
