import { copyFileSync, lstatSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { test } from 'tap'
import { placeOf } from '../../../lib/stores/file/layout.js'
import { reuseAfter } from '../../../lib/stores/file/state.js'
import { putClockForward } from './clock.js'
import { freshId, lab, tomorrow } from './lab.js'

/** What a machine that lost its power can leave, and a process that was killed can't. */
const damages: Readonly<Record<string, (path: string, other: string) => void>> = {
  'is empty': (path) => truncateSync(path, 0),
  'ends within its first line': (path) => truncateSync(path, 50),
  'ends within its text': (path) => truncateSync(path, 2000),
  'is all zeros': (path) => writeFileSync(path, Buffer.alloc(4096)),
  'has a block of zeros': (path) => writeFileSync(path, readFileSync(path).fill(0, 2048, 2560)),
  'has one wrong letter': (path) => writeFileSync(path, readFileSync(path).fill('y', 1000, 1001)),
  'holds the record of another id': (path, other) => copyFileSync(other, path)
}

for (const [what, damage] of Object.entries(damages)) {
  test(`a record whose file ${what} is absent, and can be created anew`, async (t) => {
    const { store, directory, id, record } = await lab(t)
    const other = freshId()
    await store.create(other, 'of another', tomorrow())
    const version = await store.create(id, 'x'.repeat(3000), tomorrow())
    const { atime, mtime } = lstatSync(record)
    damage(record, placeOf(directory, other).record)
    utimesSync(record, atime, mtime)
    t.equal(await store.read(id), undefined)
    t.same(
      (await store.readMany([id, other])).map((each) => each?.text),
      [undefined, 'of another']
    )
    const anew = await store.create(id, 'anew', tomorrow())
    t.ok(anew)
    t.equal(await store.update(id, 'late', tomorrow(), version ?? ''), undefined)
    t.same(await store.read(id), { text: 'anew', version: anew, expires: (await store.read(id))?.expires })
  })
}

test('a damaged file goes when a sweep comes after its end', async (t) => {
  const { store, id, record } = await lab(t)
  await store.create(id, 'text', Date.now() - 1000)
  truncateSync(record, 3)
  t.equal(await store.sweep(), 0, 'it is no record')
  t.equal(lstatSync(record, { throwIfNoEntry: false }), undefined)
})

test('a file that is used again shows nothing of what it held before', async (t) => {
  const { store, id, record } = await lab(t)
  let version = await store.create(id, 'secret'.repeat(100), tomorrow())
  const { ino } = lstatSync(record)
  for (let turn = 0; turn < 20; turn++) {
    version = await store.update(id, `short ${turn}`, tomorrow(), version ?? '')
    putClockForward(reuseAfter)
    if (lstatSync(record).ino === ino) break
  }
  t.equal(lstatSync(record).ino, ino, 'the file was used again')
  t.notMatch(readFileSync(record, 'utf8'), 'secret')
})

test('ends are kept to the millisecond, now and in years', async (t) => {
  const { store } = await lab(t)
  for (let count = 0; count < 500; count++) {
    const id = freshId()
    const expires = Date.now() + 1000 + Math.floor(Math.random() * 10 ** (4 + (count % 8)))
    await store.create(id, 'text', expires)
    if ((await store.read(id))?.expires !== expires)
      t.fail(`${expires} came back as ${(await store.read(id))?.expires}`)
    await store.touch(id, expires + 1)
    if ((await store.read(id))?.expires !== expires + 1) t.fail(`after touch, ${expires + 1} was off`)
  }
})

test('an end that is no number is refused', async (t) => {
  const { store, id } = await lab(t)
  for (const expires of [Number.NaN, Infinity, undefined]) {
    await t.rejects(async () => store.create(id, 'text', expires as number), {
      name: 'TypeError',
      message: /finite number/
    })
  }
  t.equal(await store.read(id), undefined)
})
