import Database from 'libsql'
import { type Test, test } from 'tap'
import { postgresStore } from '../../../lib/stores/postgres.js'
import type { SqlParam } from '../../../lib/stores/sql/executor.js'
import { postgresDialect } from '../../../lib/stores/sql/postgres.js'
import { sqliteStore } from '../../../lib/stores/sqlite.js'
import type { AsyncRecordStore, Version, Write } from '../../../types/store.js'
import { freshIds, freshTable, tomorrow } from './contract.js'
import { pgPool, postgresEngine } from './engines.js'

const { url } = await postgresEngine()

/** More than a statement of PostgreSQL may have parameters, and twice as many as one of SQLite. */
const TOO_MANY = 66_000

/** Writes, changes, reads and removes so many records, each kind as one batch. */
async function everyBatch(
  t: Test,
  { saveMany, readMany }: Required<Pick<AsyncRecordStore, 'saveMany' | 'readMany'>>,
  count: number
): Promise<void> {
  const expires = tomorrow()
  const ids = freshIds(count)
  const versions = await saveMany(ids.map((id): Write => ({ kind: 'create', id, text: `of ${id}`, expires })))
  t.equal(new Set(versions).size, count)
  const changes = ids.map((id, at): Write => {
    if (at % 2 === 1) return { kind: 'touch', id, expires }
    return { kind: 'update', id, text: `new of ${id}`, expires, version: versions[at] as Version }
  })
  t.notOk((await saveMany(changes)).some((result) => result === undefined || result === false))
  const records = await readMany(ids)
  t.same(
    records.map((record) => record?.text),
    ids.map((id, at) => (at % 2 === 1 ? `of ${id}` : `new of ${id}`))
  )
  const removes = [...ids, ...freshIds(3)].map((id): Write => ({ kind: 'remove', id }))
  t.same(await saveMany(removes), [...ids.map(() => true), false, false, false])
}

test('a batch of any size is written and read on SQLite, by statements with few parameters', async (t) => {
  const client = new Database(':memory:')
  t.teardown(() => client.close())
  let most = 0
  const prepare = (text: string) => {
    const statement = client.prepare(text)
    const counting =
      (method: 'all' | 'run') =>
      (...params: SqlParam[]) => {
        most = Math.max(most, params.length)
        return statement[method](...params) as never
      }
    return { all: counting('all'), run: counting('run') }
  }
  const store = sqliteStore({ client: { prepare } })
  await store.setup()
  const { saveMany, readMany } = store
  await everyBatch(
    t,
    { saveMany: (writes) => saveMany.call(store, writes) as never, readMany: readMany.bind(store) },
    1100
  )
  t.equal((await store.readMany(freshIds(TOO_MANY))).length, TOO_MANY)
  t.ok(most <= 100, `${most} parameters: Cloudflare's D1 takes a hundred`)
})

test('a batch of any size is written and read on PostgreSQL', async (t) => {
  const client = pgPool(url)
  t.teardown(() => client.end())
  const store = postgresStore({ client, table: freshTable() })
  await store.setup()
  const { saveMany, readMany } = store
  await everyBatch(
    t,
    { saveMany: (writes) => saveMany.call(store, writes) as never, readMany: readMany.bind(store) },
    1100
  )
  t.equal((await store.readMany(freshIds(TOO_MANY))).length, TOO_MANY)
})

test('PostgreSQL compares no record of a batch with all others', async (t) => {
  const client = pgPool(url)
  t.teardown(() => client.end())
  const table = freshTable()
  const store = postgresStore({ client, table })
  await store.setup()
  const [ids, expires] = [freshIds(500), tomorrow()]
  await store.saveMany(ids.map((id): Write => ({ kind: 'create', id, text: 'text', expires })))
  for (const kind of ['touch', 'remove'] as const) {
    const rest = { text: null, version: null, expires: kind === 'touch' ? expires : null, expected: null }
    const rows = ids.map((id) => ({ kind, id, ...rest }))
    const [statement] = postgresDialect(table).saveMany(rows, Date.now())
    let count = 0
    const text = statement?.text.replaceAll('?', () => `$${++count}`)
    const explained = await client.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, [...(statement?.params ?? [])])
    const refused = [...JSON.stringify(explained.rows).matchAll(/"Rows Removed by Join Filter":\s*(\d+)/g)]
    t.ok(
      refused.every(([, times]) => Number(times) < 10 * ids.length),
      `${kind}: ${refused.map(([found]) => found).join()}`
    )
  }
})
