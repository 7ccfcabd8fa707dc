import { sql } from 'drizzle-orm'
import { drizzle as overMysql2 } from 'drizzle-orm/mysql2'
import { drizzle as overPg } from 'drizzle-orm/node-postgres'
import { drizzle as overPostgresJs } from 'drizzle-orm/postgres-js'
import mysql from 'mysql2/promise'
import postgres from 'postgres'
import { test } from 'tap'
import { drizzleStore } from '../../../lib/stores/drizzle.js'
import { keepsTheContract, type Way } from './contract.js'
import { mysqlEngine, pgPool, postgresEngine, sqliteFile } from './engines.js'
import { driverOf, throughDrizzle, throughDrizzleOverClient } from './sqlite-ways.js'

const onPostgres = await postgresEngine()
const onMysql = await mysqlEngine()
const path = await sqliteFile()

const throughPg = (connectionString: string, table?: string) => {
  const pool = pgPool(connectionString)
  const store = drizzleStore({ client: overPg(pool), sql, dialect: 'postgres', ...(table && { table }) })
  return { store, close: () => pool.end() }
}
const throughPostgresJs = (url: string, table?: string) => {
  const connection = postgres(url)
  const store = drizzleStore({ client: overPostgresJs(connection), sql, dialect: 'postgres', ...(table && { table }) })
  return { store, close: () => connection.end() }
}
const throughMysql2 = (uri: string, table?: string) => {
  const pool = mysql.createPool(uri)
  const store = drizzleStore({ client: overMysql2(pool), sql, dialect: 'mysql', ...(table && { table }) })
  return { store, close: () => pool.end() }
}

for (const [name, through] of [['pg', throughPg] as const, ['postgres', throughPostgresJs] as const]) {
  test(`the contract, kept through Drizzle over ${name} on PostgreSQL`, (t) => {
    const { url, nobody } = onPostgres
    const way: Way = { name, open: (table) => through(url, table), unreachable: () => through(nobody) }
    return keepsTheContract(t, way, { nul: false })
  })
}

test('the contract, kept through Drizzle over mysql2 on MariaDB', (t) => {
  const { url, nobody } = onMysql
  const way: Way = {
    name: 'mysql2',
    open: (table) => throughMysql2(url, table),
    unreachable: () => throughMysql2(nobody)
  }
  return keepsTheContract(t, way, { lacks: ['saveMany'] })
})

const overLibsql = throughDrizzle(driverOf('libsql'))
for (const [name, open] of [['libsql', overLibsql] as const, ['@libsql/client', throughDrizzleOverClient] as const]) {
  test(`the contract, kept through Drizzle over ${name} on SQLite`, (t) =>
    keepsTheContract(t, { name, open: (table) => open(path, table) }, { nul: false }))
}
