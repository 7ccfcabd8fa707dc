import assert from 'node:assert/strict'
import type { Lab } from './lab.js'
import { freshId, freshIds, put, tomorrow, written } from './lab.js'
import { needsHarness, type Scenario, scenario } from './scenario.js'

/** Two different ids are two records, however similar they look. */
export const ids: readonly Scenario[] = [
  scenario('ids that differ only in letter case are different records', (lab) => {
    const id = `aB${freshId().slice(2)}`
    const swapped = [...id.slice(0, -1)].map(swapCase).join('') + id.slice(-1)
    const lower = id.slice(0, -1).toLowerCase() + id.slice(-1)
    return keepApart(lab, [id, swapped, lower])
  }),
  scenario('ids that differ only in the first letter are different records', (lab) => {
    const rest = freshId().slice(1)
    return keepApart(
      lab,
      [...'aAzZ09-_'].map((first) => first + rest)
    )
  }),
  scenario('ids that differ only in the last letter are different records', (lab) => {
    const start = freshId().slice(0, -1)
    return keepApart(
      lab,
      [...'AEMcgk048'].map((last) => start + last)
    )
  }),
  scenario('ids that differ only in - and _ are different records', (lab) => {
    const rest = freshId().slice(3)
    return keepApart(
      lab,
      ['---', '___', '-_-', '_-_', 'a-b', 'a_b', 'aab'].map((start) => start + rest)
    )
  }),
  scenario('a hundred records are kept apart', (lab) => keepApart(lab, freshIds(100))),

  scenario(
    'another store on the same engine is not seen, and not changed',
    async (lab) => {
      const store = await lab.open()
      const neighbour = await lab.neighbour()
      const id = freshId()
      const version = await put(neighbour, id, 'of the neighbour')
      assert.equal(await store.read(id), undefined)
      assert.equal(await store.touch(id, tomorrow()), false)
      assert.equal(await store.update(id, 'not mine', tomorrow(), version), undefined)
      assert.equal(await store.remove(id), false)
      await put(store, id, 'mine')
      assert.equal((await neighbour.read(id))?.text, 'of the neighbour')
      assert.equal((await store.read(id))?.text, 'mine')
    },
    needsHarness('neighbour')
  )
]

/** Updates every second record and removes every fourth: the others must not change. */
async function keepApart(lab: Lab, all: readonly string[]): Promise<void> {
  const [mine, theirs] = await lab.rivals()
  const expected = new Map<string, string | undefined>()
  const create = async (id: string) => ({ id, version: await put(mine, id, `of ${id}`) })
  for (const [index, { id, version }] of (await Promise.all(all.map(create))).entries()) {
    expected.set(id, `of ${id}`)
    if (index % 2 === 1) continue
    written(await theirs.update(id, `new of ${id}`, tomorrow(), version), 'update')
    expected.set(id, `new of ${id}`)
    if (index % 4 === 2) continue
    assert.equal(await theirs.remove(id), true)
    expected.set(id, undefined)
  }
  for (const [id, text] of expected) assert.equal((await mine.read(id))?.text, text)
}

function swapCase(letter: string): string {
  return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()
}
