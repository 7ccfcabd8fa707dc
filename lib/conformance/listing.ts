import assert from 'node:assert/strict'
import type { ListedRecord, RecordStore } from '../../types/store.js'
import { freshIds, type Having, put, tomorrow } from './lab.js'
import { afterExpiry, needs, needsHarness, type Scenario, scenario } from './scenario.js'

/** Paging through all records. */
export const listing: readonly Scenario[] = [
  scenario(
    'list gives every live record once, page by page, as read gives it',
    async (lab) => {
      const store = await lab.openWith('list')
      const other = await lab.open()
      const ids = freshIds(60)
      await Promise.all(ids.map((id, at) => put(store, id, `text ${at}`)))
      for (const limit of [25, 1000]) {
        const listed = await all(store, limit)
        assert.equal(new Set(listed.map(({ id }) => id)).size, listed.length, 'no record may be listed twice')
        const byId = new Map(listed.map((record) => [record.id, record]))
        for (const id of ids) assert.deepEqual(byId.get(id), { id, ...(await other.read(id)) })
      }
    },
    needs('list')
  ),

  scenario(
    'a page has about as many records as were asked for, and leads on by what another client takes as well',
    async (lab) => {
      const store = await lab.openWith('list')
      const other = await lab.openWith('list')
      const ids = freshIds(40)
      await Promise.all(ids.map((id) => put(store, id, 'text')))
      const first = await store.list({ limit: 10 })
      assert.ok(first.records.length <= 40, `asked for 10 of at least 40, got ${first.records.length}`)
      assert.equal(typeof first.next, 'string', 'there are others, so there has to be a next')
      const rest = await all(other, 50, first.next)
      const listed = new Set([...first.records, ...rest].map(({ id }) => id))
      for (const id of ids) assert.ok(listed.has(id), 'every record has to be on a page')
    },
    needs('list')
  ),

  scenario(
    'records that stay are listed once each, while others come, change and go',
    async (lab) => {
      const store = await lab.openWith('list')
      const other = await lab.open()
      const [staying, going] = [freshIds(40), freshIds(40)]
      const versions = await Promise.all(staying.map((id) => put(store, id, 'staying')))
      await Promise.all(going.map((id) => put(store, id, 'going')))
      const listed: string[] = []
      let step = 0
      for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
        const page = await store.list({ limit: 16, after })
        listed.push(...page.records.map(({ id }) => id))
        after = page.next
        // Mostly those that were listed: each moves all that come after it, which would be left out by a store that counts.
        const listedOnPage = going.filter((id) => page.records.some((record) => record.id === id))
        await Promise.all([...listedOnPage, ...going.slice(step, step + 1)].map((id) => other.remove(id)))
        await put(other, freshIds(1)[0] as string, 'new')
        const at = step++ % staying.length
        await other.update(staying[at] as string, 'changed', tomorrow(), versions[at] as string)
        await other.touch(staying[(at + 1) % staying.length] as string, tomorrow() + step)
      }
      const counts = staying.map((id) => listed.filter((each) => each === id).length)
      assert.deepEqual([...new Set(counts)], [1], 'each of those that stay is on one page')
    },
    needs('list')
  ),

  afterExpiry(
    'list leaves out what has expired, and what was removed',
    async (lab) => {
      const store = await lab.open()
      const [live, mortal, gone] = [freshIds(10), freshIds(10), freshIds(10)]
      const soon = lab.soon()
      await Promise.all([
        ...[...live, ...gone].map((id) => put(store, id, 'text')),
        ...mortal.map((id) => put(store, id, 'mortal', soon))
      ])
      for (const id of gone) await store.remove(id)
      return { live, ended: [...mortal, ...gone] }
    },
    async (lab, { live, ended }) => {
      const listed = new Set((await all(await lab.openWith('list'), 50)).map(({ id }) => id))
      for (const id of live) assert.ok(listed.has(id), 'a live record is missing')
      for (const id of ended) assert.ok(!listed.has(id), 'an ended record is listed')
    },
    needs('list')
  ),

  scenario(
    "list gives none of another store's records on the same engine",
    async (lab) => {
      const store = await lab.openWith('list')
      const neighbour = await lab.neighbour()
      const [mine, theirs] = [freshIds(10), freshIds(10)]
      await Promise.all(mine.map((id) => put(store, id, 'mine')))
      await Promise.all(theirs.map((id) => put(neighbour, id, 'of the neighbour')))
      const listed = new Set((await all(store, 50)).map(({ id }) => id))
      for (const id of mine) assert.ok(listed.has(id), 'a record of this store is missing')
      for (const id of theirs) assert.ok(!listed.has(id), "a neighbour's record is listed")
    },
    (harness) => needs('list')(harness) ?? needsHarness('neighbour')(harness)
  )
]

/** Lists all records after the position `after`. */
async function all(store: RecordStore, limit: number, after?: string): Promise<readonly ListedRecord[]> {
  const { list } = store as Having<'list'>
  const records: ListedRecord[] = []
  let next = after
  do {
    const page = await list.call(store, { limit, after: next })
    records.push(...page.records)
    next = page.next
  } while (next !== undefined)
  return records
}
