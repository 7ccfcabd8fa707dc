import { PGlite } from '@electric-sql/pglite'
import { t as tap, test } from 'tap'
import { postgresStore } from '../../../lib/stores/postgres.js'
import { freshId, freshTable, keepsTheContract, tomorrow } from './contract.js'

tap.setTimeout(120_000)

const client = await PGlite.create()
tap.teardown(() => client.close())
const { rows } = await client.query<{ version: string }>('SELECT version()')
tap.comment(rows[0]?.version)

const open = (table?: string) => ({ store: postgresStore({ client, ...(table && { table }) }), close() {} })

async function unreachable() {
  const closed = await PGlite.create()
  await closed.close()
  return { store: postgresStore({ client: closed }), close() {} }
}

test('a text comes back from PGlite with the byte order mark that it begins with', async (t) => {
  const { store } = open(freshTable())
  await store.setup()
  for (const text of ['\ufeff{"a":1}', '\ufeff\ufeff', '.', '']) {
    const [one, other] = [freshId(), freshId()]
    await store.create(one, text, tomorrow())
    await store.saveMany([{ kind: 'create', id: other, text, expires: tomorrow() }])
    t.equal((await store.read(one))?.text, text)
    t.equal((await store.read(other))?.text, text)
    const { records } = await store.list({ limit: 100 })
    t.same(
      records.filter(({ id }) => id === one || id === other).map((record) => record.text),
      [text, text]
    )
  }
})

test('the contract, kept through PGlite', (t) =>
  keepsTheContract(t, { name: 'PGlite', open, unreachable }, { nul: false, rounds: 5 }))
