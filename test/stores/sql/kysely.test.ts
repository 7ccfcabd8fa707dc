import { Kysely, MysqlDialect, PostgresDialect } from 'kysely'
import mysql from 'mysql2'
import { test } from 'tap'
import { kyselyStore } from '../../../lib/stores/kysely.js'
import { keepsTheContract, type Way } from './contract.js'
import { mysqlEngine, pgPool, postgresEngine, sqliteFile } from './engines.js'
import { driverOf, throughKysely } from './sqlite-ways.js'

const onPostgres = await postgresEngine()
const onMysql = await mysqlEngine()
const path = await sqliteFile()

const throughPg = (url: string, table?: string) => {
  const client = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: pgPool(url) }) })
  return { store: kyselyStore({ client, dialect: 'postgres', ...(table && { table }) }), close: () => client.destroy() }
}
const throughMysql2 = (uri: string, table?: string) => {
  const client = new Kysely<unknown>({ dialect: new MysqlDialect({ pool: mysql.createPool(uri) }) })
  return { store: kyselyStore({ client, dialect: 'mysql', ...(table && { table }) }), close: () => client.destroy() }
}

test('the contract, kept through Kysely on PostgreSQL', (t) => {
  const { url, nobody } = onPostgres
  const way: Way = { name: 'pg', open: (table) => throughPg(url, table), unreachable: () => throughPg(nobody) }
  return keepsTheContract(t, way, { nul: false })
})

test('the contract, kept through Kysely on MariaDB', (t) => {
  const { url, nobody } = onMysql
  const way: Way = {
    name: 'mysql2',
    open: (table) => throughMysql2(url, table),
    unreachable: () => throughMysql2(nobody)
  }
  return keepsTheContract(t, way, { lacks: ['saveMany'] })
})

test('the contract, kept through Kysely on SQLite', (t) => {
  const open = throughKysely(driverOf('libsql'))
  return keepsTheContract(t, { name: 'libsql', open: (table) => open(path, table) }, { nul: false })
})
