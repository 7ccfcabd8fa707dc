import { test } from 'tap'
import { lab, tomorrow } from './lab.js'

test('readers see whole texts of 1 and 100 KB while two processes replace them', async (t) => {
  const { store, id, start } = await lab(t)
  await store.create(id, 'a'.repeat(100_000), tomorrow())
  const writers = await Promise.all([start('replace'), start('replace')])
  for (const { begin } of writers) begin()
  const lengths = new Map<number, number>()
  const versions = new Set<unknown>()
  const until = performance.now() + 2000
  while (performance.now() < until) {
    const record = await store.read(id)
    const text = record?.text ?? ''
    versions.add(record?.version)
    lengths.set(text.length, (lengths.get(text.length) ?? 0) + 1)
    if (text !== text.charAt(0).repeat(text.length)) t.fail('a text of two letters')
  }
  t.same([...lengths.keys()].sort(), [1000, 100_000])
  t.ok(versions.size > 20, `${versions.size} states were seen`)
})
