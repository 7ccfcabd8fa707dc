import fastifyMysql from '@fastify/mysql'
import Fastify from 'fastify'
import callbackMysql from 'mysql2'
import mysql from 'mysql2/promise'
import { test } from 'tap'
import { mysqlStore } from '../../../lib/stores/mysql.js'
import { exactly } from '../../exactly.js'
import { freshId, freshTable, keepsTheContract, tomorrow, type Way } from './contract.js'
import { mysqlEngine } from './engines.js'

const { url, nobody } = await mysqlEngine()

const throughPromises = (uri: string, table?: string, flags: string[] = []) => {
  const client = mysql.createPool({ uri, flags })
  return { store: mysqlStore({ client, ...(table && { table }) }), close: () => client.end() }
}
const throughCallbacks = (table?: string) => {
  const client = callbackMysql.createPool({ uri: url })
  return { store: mysqlStore({ client, ...(table && { table }) }), close: () => client.promise().end() }
}
const ways: readonly Way[] = [
  { name: 'mysql2/promise', open: (table) => throughPromises(url, table), unreachable: () => throughPromises(nobody) },
  { name: 'mysql2', open: throughCallbacks },
  { name: 'mysql2 without FOUND_ROWS', open: (table) => throughPromises(url, table, ['-FOUND_ROWS']) }
]

for (const way of ways) {
  test(`the contract, kept through ${way.name}`, (t) => keepsTheContract(t, way, { lacks: ['saveMany'] }))
}

for (const promise of [true, false]) {
  const kind = promise ? 'promises' : 'callbacks'

  test(`the decorator of @fastify/mysql, with ${kind}, is refused with what to give instead: its pool`, async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(fastifyMysql, { connectionString: url, promise })
    const { mysql } = app as unknown as { mysql: { pool: mysql.Pool } }
    t.throws(() => mysqlStore({ client: mysql as never }), {
      code: 'FST_SESSIONS_STORE_CONFIG',
      message: exactly('store "mysql": client must be the pool itself: of @fastify/mysql, app.mysql.pool')
    })

    const store = mysqlStore({ client: mysql.pool, table: freshTable() })
    await store.setup()
    const id = freshId()
    const version = await store.create(id, 'text', tomorrow())
    t.hasStrict(await store.read(id), { text: 'text', version })
  })
}
