import { type Test, test } from 'tap'
import { type FileStore, fileStore } from '../../../lib/stores/file.js'
import { atEachCall, killed } from './instants.js'
import { lab, sweptNames, tomorrow } from './lab.js'
import { createAnew, prepare, remove, sweep, touch, update, updateOfKnown } from './operations.js'

for (const operation of [update, updateOfKnown, remove, createAnew, touch, sweep]) {
  test(`${operation.name} that is killed before any of its system calls leaves the old or the new state`, async (t) => {
    const found = await lab(t)
    const seen = await atEachCall(async (at) => {
      const { store, id, version } = await prepare(found, operation)
      const call = await killed(at, () => operation.run(store, id, version, found.shard))
      const survivor = fileStore({ directory: found.directory })
      const text = (await survivor.read(id))?.text
      if (!operation.leaves.includes(text)) t.fail(`killed before ${call} (${at}), it left ${text}`)
      if (operation !== sweep) await assertWritable(t, survivor, id, `killed before ${call} (${at})`)
      await survivor.remove(id)
      await survivor.sweep()
      return call
    })
    await found.store.sweep()
    t.same(await sweptNames(found.shard), [], 'nothing is left for ever')
    t.comment(seen.join(' '))
  })
}

async function assertWritable(t: Test, store: FileStore, id: string, when: string): Promise<void> {
  const record = await store.read(id)
  const version = record
    ? await store.update(id, 'after', tomorrow(), record.version)
    : await store.create(id, 'after', tomorrow())
  if (version === undefined) t.fail(`${when}, it kept others from writing`)
}
