import { test } from 'tap'
import { DataSource } from 'typeorm'
import { typeormStore } from '../../../lib/stores/typeorm.js'
import { keepsTheContract, type Way } from './contract.js'
import { mysqlEngine, postgresEngine, sqliteFile } from './engines.js'
import { driverOf, throughTypeorm } from './sqlite-ways.js'

const onPostgres = await postgresEngine()
const onMysql = await mysqlEngine()
const path = await sqliteFile()

const through = async (type: 'postgres' | 'mariadb', url: string, table?: string) => {
  const client = await new DataSource({ type, url }).initialize()
  const dialect = type === 'postgres' ? 'postgres' : 'mysql'
  return { store: typeormStore({ client, dialect, ...(table && { table }) }), close: () => client.destroy() }
}

test('the contract, kept through TypeORM on PostgreSQL', (t) => {
  const way: Way = { name: 'pg', open: (table) => through('postgres', onPostgres.url, table) }
  return keepsTheContract(t, way, { nul: false })
})

test('the contract, kept through TypeORM on MariaDB', (t) => {
  const way: Way = { name: 'mysql2', open: (table) => through('mariadb', onMysql.url, table) }
  return keepsTheContract(t, way, { lacks: ['saveMany'] })
})

test('the contract, kept through TypeORM on SQLite', (t) => {
  const open = throughTypeorm(driverOf('libsql'))
  return keepsTheContract(t, { name: 'libsql', open: (table) => open(path, table) }, { nul: false })
})
