import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { type Test, test } from 'tap'
import { bothEnds, lab, tomorrow } from './lab.js'

interface Filled {
  readonly errors: readonly string[]
  readonly causes: readonly string[]
  readonly alone: number
  readonly refused: number
  readonly first: number
  readonly removed: readonly boolean[]
  readonly errorsAfter: readonly string[]
  readonly readable: number
}

test('a file that can’t grow makes writes reject, keeps what is there, and takes writes again when there is room', async (t) => {
  const { startConfined, client } = await lab(t)
  // Not a whole number of pages, so that the last page is written in part: of a page that is not written at all, lmdb
  // 3.5 makes an error message that is longer than its buffer.
  const worker = await startConfined(602, 'fill', 20_000)
  worker.begin()
  const filled = (await worker.result) as Filled // rejects if the process died, as by an unhandled rejection
  t.comment(`${filled.alone} records fit; then: ${filled.errors[0]}`)
  t.ok(filled.alone > 3)
  for (const error of filled.errors) t.match(error, /^Error: lmdb store: nothing was written: Error: /)
  for (const cause of filled.causes) t.match(cause, /Input\/output error|File too large/)
  t.equal(filled.refused, 30)
  t.equal(filled.first, 20_000)
  t.strictSame(filled.removed, [true, true, true])
  t.strictSame(filled.errorsAfter, [])
  t.equal(filled.readable, filled.alone - 3)
  const [ofRecords, ofIndex] = bothEnds(client)
  t.strictSame(ofIndex, ofRecords)
})

test('when the disk is nearly full, all writes but removing reject, and reads go on', async (t) => {
  const { store } = await lab(t)
  const disk = pretendDisk(t)
  const version = (await store.create('record', 'text', tomorrow())) as string
  await store.create('ended', 'text', Date.now() - 1)

  disk.bavail = 1
  await t.rejects(store.create('other', 'text', tomorrow()), /less than 8388608 bytes are left on the disk of /)
  await t.rejects(store.update('record', 'new', tomorrow(), version), /less than/)
  await t.rejects(store.touch('record', tomorrow()), /less than/)
  t.hasStrict(await store.read('record'), { text: 'text', version })
  t.equal(await store.sweep(), 1)
  t.equal(await store.remove('record'), true)

  disk.bavail = 2
  t.type(await store.create('other', 'text', tomorrow()), 'string')
  Object.assign(disk, { blocks: 0, bavail: 0 })
  t.type(await store.create('sized by nobody', 'text', tomorrow()), 'string')
})

/** What `statfs` answers until the test is over. */
function pretendDisk(t: Test): { blocks: number; bavail: number; bsize: number } {
  const disk = { blocks: 1000, bavail: 500, bsize: 4_194_304 }
  const { statfsSync } = fs
  Object.assign(fs, { statfsSync: () => disk })
  syncBuiltinESMExports()
  t.teardown(() => {
    Object.assign(fs, { statfsSync })
    syncBuiltinESMExports()
  })
  return disk
}
