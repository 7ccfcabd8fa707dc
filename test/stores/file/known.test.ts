import { linkSync, lstatSync, utimesSync } from 'node:fs'
import { type Test, test } from 'tap'
import { placeOf } from '../../../lib/stores/file/layout.js'
import { reuseAfter } from '../../../lib/stores/file/state.js'
import { fileStore } from '../../../lib/stores/file.js'
import { putClockForward } from './clock.js'
import { callsOf, patchedCalls } from './instants.js'
import { type Lab, lab, tomorrow } from './lab.js'

test('a record that has not changed is neither opened to be read again nor to be replaced', async (t) => {
  const { store, id, version, expires } = await known(t)
  t.same(await callsOf(() => store.read(id)), ['lstatSync'])
  const calls = await callsOf(() => store.update(id, 'next', expires, version))
  t.equal(calls.filter((call) => call === 'openSync').length, 1, 'the file in the making')
  t.same(await callsOf(() => store.read(id)), ['lstatSync'], 'what was written is known too')
  t.equal((await store.read(id))?.text, 'next')
})

test('a record is read from a disk that takes longer than it takes to use a file again', async (t) => {
  const { other, id } = await known(t)
  const calls: string[] = []
  await patchedCalls(
    (call) => {
      calls.push(call)
      putClockForward(reuseAfter)
    },
    async () => t.equal((await other.read(id))?.text, 'text')
  )
  t.equal(calls.filter((call) => call === 'openSync').length, 1, 'once: it is still in its place')
})

test('what another writer made of a record is seen, even in the same file, of the same size and end', async (t) => {
  const { store, other, id, record, version, expires } = await known(t)
  const { ino, size } = lstatSync(record)
  let theirs = version
  for (let turn = 0; turn < 20; turn++) {
    theirs = (await other.update(id, `new${turn % 10}`, expires, theirs)) as string
    putClockForward(reuseAfter)
    if (turn > 0 && lstatSync(record).ino === ino) break
  }
  t.hasStrict(lstatSync(record), { ino, size })
  t.equal(await store.update(id, 'mine', expires, version), undefined, 'an old version fits no more')
  t.match(await store.read(id), { text: /^new/, version: theirs, expires })
  t.ok(await store.update(id, 'mine', expires, theirs))
})

test('an end that another writer moved is seen, and an end that has come', async (t) => {
  const { store, other, id, version, expires } = await known(t)
  await other.touch(id, expires + 1)
  t.hasStrict(await store.read(id), { text: 'text', version, expires: expires + 1 })
  await other.touch(id, Date.now() - 1)
  t.equal(await store.read(id), undefined)
  t.equal(await store.update(id, 'late', expires, version), undefined)
})

test('a known record ends when its time has come, though its file stays as it is', async (t) => {
  const { store, id, version, expires } = await known(t)
  const now = Date.now
  t.teardown(() => Object.assign(Date, { now }))
  Date.now = () => expires
  t.equal(await store.read(id), undefined)
  t.equal(await store.update(id, 'late', expires + 1000, version), undefined)
})

test('a known record that was removed is gone, and one that was created anew is another', async (t) => {
  const { store, other, id, version, expires } = await known(t)
  await other.remove(id)
  t.equal(await store.read(id), undefined)
  await other.create(id, 'anew', expires)
  t.equal(await store.update(id, 'mine', expires, version), undefined)
  t.equal((await store.read(id))?.text, 'anew')
})

test('where the file system writes access times of its own, records are opened each time', async (t) => {
  const { store, id, record, version } = await known(t)
  const { mtime } = lstatSync(record)
  utimesSync(record, new Date(), mtime)
  t.hasStrict(await store.read(id), { text: 'text', version })
  utimesSync(record, new Date(Date.now() + 5), mtime)
  t.ok(await store.update(id, 'next', tomorrow(), version))
})

test('a known record is not taken for another that ends with the same letters', async (t) => {
  const { store, directory, id, record } = await known(t)
  const other = Buffer.from(id, 'base64url').fill(0, 1, 28).toString('base64url')
  linkSync(record, placeOf(directory, other).record)
  t.equal(await store.read(other), undefined, 'its file names another id')
})

/** A record that a store knows, since it has read it twice, and another store on the same directory. */
async function known(t: Test): Promise<Lab & { other: Lab['store']; version: string; expires: number }> {
  const found = await lab(t)
  const expires = tomorrow()
  const version = (await found.store.create(found.id, 'text', expires)) as string
  for (let turn = 0; turn < 2; turn++) await found.store.read(found.id)
  return { ...found, other: fileStore({ directory: found.directory }), version, expires }
}
