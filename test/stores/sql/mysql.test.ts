import callbackMysql from 'mysql2'
import mysql from 'mysql2/promise'
import { t as tap, test } from 'tap'
import { mysqlStore } from '../../../lib/stores/mysql.js'
import { startMariadb } from '../../servers/mariadb.js'
import { deadPort } from '../../servers/process.js'
import { keepsTheContract, type Way } from './contract.js'

const { TEST_MYSQL_URL: given } = process.env
const server = given ? undefined : await startMariadb()
tap.teardown(() => server?.stop())
const uri = given ?? String(server?.url)

const nobody = `mysql://app@127.0.0.1:${deadPort}/app`

const throughPromises = (address: string, table?: string, flags: string[] = []) => {
  const client = mysql.createPool({ uri: address, flags })
  return { store: mysqlStore({ client, ...(table && { table }) }), close: () => client.end() }
}
const throughCallbacks = (table?: string) => {
  const client = callbackMysql.createPool({ uri })
  return { store: mysqlStore({ client, ...(table && { table }) }), close: () => client.promise().end() }
}
const ways: readonly Way[] = [
  { name: 'mysql2/promise', open: (table) => throughPromises(uri, table), unreachable: () => throughPromises(nobody) },
  { name: 'mysql2', open: throughCallbacks },
  { name: 'mysql2 without FOUND_ROWS', open: (table) => throughPromises(uri, table, ['-FOUND_ROWS']) }
]

for (const way of ways) {
  test(`the contract, kept through ${way.name}`, (t) => keepsTheContract(t, way, { lacks: ['saveMany'] }))
}
