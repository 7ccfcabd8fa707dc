import pg from 'pg'
import postgres from 'postgres'
import { t as tap, test } from 'tap'
import { postgresStore } from '../../../lib/stores/postgres.js'
import { freePort } from '../../servers/process.js'
import { startPostgres } from '../../servers/postgres.js'
import { keepsTheContract, type Way } from './contract.js'

const { TEST_POSTGRES_URL: given } = process.env
const server = given ? undefined : await startPostgres()
tap.teardown(() => server?.stop())
const url = given ?? String(server?.url)

const nobody = `postgres://postgres@127.0.0.1:${await freePort()}/postgres`

const throughPg = (connectionString: string, table?: string, more: { prepare?: boolean } = {}) => {
  const client = new pg.Pool({ connectionString })
  return { store: postgresStore({ client, ...(table && { table }), ...more }), close: () => client.end() }
}
const throughPostgresJs = (address: string, table?: string) => {
  const client = postgres(address)
  return { store: postgresStore({ client, ...(table && { table }) }), close: () => client.end() }
}
const ways: readonly Way[] = [
  { name: 'pg', open: (table) => throughPg(url, table), unreachable: () => throughPg(nobody) },
  { name: 'postgres', open: (table) => throughPostgresJs(url, table), unreachable: () => throughPostgresJs(nobody) }
]

for (const way of ways) test(`the contract, kept through ${way.name}`, (t) => keepsTheContract(t, way, { nul: false }))
