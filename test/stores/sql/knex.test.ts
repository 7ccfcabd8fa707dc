import knex from 'knex'
import { test } from 'tap'
import { knexStore } from '../../../lib/stores/knex.js'
import { keepsTheContract, type Way } from './contract.js'
import { mysqlEngine, postgresEngine, sqliteFile } from './engines.js'
import { driverOf, throughKnex } from './sqlite-ways.js'

const onPostgres = await postgresEngine()
const onMysql = await mysqlEngine()
const path = await sqliteFile()

const throughPg = (connection: string, table?: string) => {
  const client = knex({ client: 'pg', connection })
  return { store: knexStore({ client, dialect: 'postgres', ...(table && { table }) }), close: () => client.destroy() }
}
const throughMysql2 = (connection: string, table?: string) => {
  const client = knex({ client: 'mysql2', connection })
  return { store: knexStore({ client, dialect: 'mysql', ...(table && { table }) }), close: () => client.destroy() }
}

test('the contract, kept through Knex on PostgreSQL', (t) => {
  const { url, nobody } = onPostgres
  const way: Way = { name: 'pg', open: (table) => throughPg(url, table), unreachable: () => throughPg(nobody) }
  return keepsTheContract(t, way, { nul: false })
})

test('the contract, kept through Knex on MariaDB', (t) => {
  const { url, nobody } = onMysql
  const way: Way = {
    name: 'mysql2',
    open: (table) => throughMysql2(url, table),
    unreachable: () => throughMysql2(nobody)
  }
  return keepsTheContract(t, way, { lacks: ['saveMany'] })
})

test('the contract, kept through Knex on SQLite', (t) => {
  const open = throughKnex(driverOf('libsql'))
  return keepsTheContract(t, { name: 'libsql', open: (table) => open(path, table) }, { nul: false })
})
