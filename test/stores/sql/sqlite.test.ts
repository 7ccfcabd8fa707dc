import { join } from 'node:path'
import { createClient } from '@libsql/client'
import Database from 'libsql'
import { t as tap, test } from 'tap'
import { sqliteStore } from '../../../lib/stores/sqlite.js'
import { directoryFor } from '../../servers/process.js'
import { keepsTheContract, type Way } from './contract.js'
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
const ways: readonly Way[] = [
  { name: 'libsql', open: (table) => throughLibsql(join(directory, 'a.db'), table) },
  { name: '@libsql/client', open: (table) => throughClient(join(directory, 'b.db'), table) }
]

test('a full disk is told, and lets one read and sign out', (t) => {
  const client = new Database(join(directory, 'full.db'))
  const fill = async () => {
    client.exec('PRAGMA max_page_count = 1000')
    return () => client.exec('PRAGMA max_page_count = 1000000')
  }
  return isFull(t, () => ({ store: sqliteStore({ client }), close: () => client.close() }), fill, /disk is full/)
})

for (const way of ways) test(`the contract, kept through ${way.name}`, (t) => keepsTheContract(t, way, { nul: false }))
