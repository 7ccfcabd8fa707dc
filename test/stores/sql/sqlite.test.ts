import { join } from 'node:path'
import { createClient } from '@libsql/client'
import { connect } from '@tursodatabase/database'
import Database from 'libsql'
import { t as tap, test } from 'tap'
import { sqliteStore } from '../../../lib/stores/sqlite.js'
import { directoryFor } from '../../servers/process.js'
import { freshIds, keepsTheContract, tomorrow, type Way } from './contract.js'
import { isFull } from './faults.js'

const directory = await directoryFor(tap, 'sqlite')

const throughLibsql = (path: string, table?: string) => {
  const client = new Database(path)
  return { store: sqliteStore({ client, ...(table && { table }) }), close: () => client.close() }
}
const throughClient = (path: string, table?: string) => {
  const client = createClient({ url: `file:${path}` })
  return { store: sqliteStore({ client, ...(table && { table }) }), close: () => client.close() }
}
const throughTurso = async (path: string, table?: string) => {
  const client = await connect(path)
  return { store: sqliteStore({ client, ...(table && { table }) }), close: () => client.close() }
}
const ways: readonly Way[] = [
  { name: 'libsql', open: (table) => throughLibsql(join(directory, 'a.db'), table) },
  { name: '@libsql/client', open: (table) => throughClient(join(directory, 'b.db'), table) },
  { name: '@tursodatabase/database', open: (table) => throughTurso(join(directory, 'c.db'), table) }
]

test('a full disk is told, and lets one read and sign out', (t) => {
  const client = new Database(join(directory, 'full.db'))
  const fill = async () => {
    client.exec('PRAGMA max_page_count = 1000')
    return () => client.exec('PRAGMA max_page_count = 1000000')
  }
  return isFull(t, () => ({ store: sqliteStore({ client }), close: () => client.close() }), fill, /disk is full/)
})

test('records that are written at once through Turso do not get one another’s texts', async (t) => {
  const { store, close } = await throughTurso(join(directory, 'at-once.db'))
  t.teardown(close)
  await store.setup()
  const ids = freshIds(20)
  const versions = await Promise.all(ids.map((id) => store.create(id, `text of ${id}`, tomorrow())))
  const records = await Promise.all(ids.map((id) => store.read(id)))
  t.strictSame(
    records.map((record) => [record?.text, record?.version]),
    ids.map((id, at) => [`text of ${id}`, versions[at]])
  )
})

for (const way of ways) test(`the contract, kept through ${way.name}`, (t) => keepsTheContract(t, way, { nul: false }))
