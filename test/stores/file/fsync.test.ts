import { lstatSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import tap, { type Test, test } from 'tap'
import { conformanceCases } from '../../../lib/conformance/index.js'
import { placeOf } from '../../../lib/stores/file/layout.js'
import { fileStore } from '../../../lib/stores/file.js'
import { directoryFor } from '../../servers/process.js'
import { freshId, tomorrow } from './lab.js'

const root = await directoryFor(tap, 'file-store')

const durability = 'fsync'
const directory = join(root, 'sessions')
const cases = conformanceCases({
  open: () => fileStore({ directory, durability }),
  neighbour: () => fileStore({ directory: join(root, 'neighbour'), durability }),
  unreachable: () => fileStore({ directory: join(root, 'never-made'), durability }),
  rounds: 5
})
for (const { name, skipped, run } of cases) test(name, { skip: skipped ?? false }, run)

test('a write is on disk before it is answered: first the file, then its name', async (t) => {
  const own = join(root, 'own')
  const store = fileStore({ directory: own, durability })
  await store.setup()
  const id = freshId()
  const { shard, record } = placeOf(own, id)
  const synced = await watchSyncs(t)
  const file = () => lstatSync(record).ino
  const names = () => lstatSync(shard).ino

  const version = await store.create(id, 'text', tomorrow())
  t.same(synced.splice(0), [file(), names()], 'create')
  await store.update(id, 'new', tomorrow(), version ?? '')
  t.same(synced.splice(0), [file(), names()], 'update')
  await store.touch(id, tomorrow())
  t.same(synced.splice(0), [file()], 'touch')
  await store.remove(id)
  t.same(synced.splice(0), [file(), names()], 'remove leaves a mark')
})

/** The inode numbers of what is synced from now on. */
async function watchSyncs(t: Test): Promise<number[]> {
  const handle = await open(root)
  const handles = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  const { sync } = handles
  t.teardown(() => Object.assign(handles, { sync }))
  const synced: number[] = []
  handles.sync = async function (this: FileHandle) {
    synced.push((await this.stat()).ino)
    await sync.call(this)
  }
  return synced
}
