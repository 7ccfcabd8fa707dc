import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import knex from 'knex'
import { Kysely, PostgresDialect } from 'kysely'
import mysql from 'mysql2/promise'
import { type Test, test } from 'tap'
import { DataSource } from 'typeorm'
import { drizzleStore } from '../../../lib/stores/drizzle.js'
import { knexStore } from '../../../lib/stores/knex.js'
import { kyselyStore } from '../../../lib/stores/kysely.js'
import { mysqlStore } from '../../../lib/stores/mysql.js'
import { postgresStore } from '../../../lib/stores/postgres.js'
import type { SqlStore } from '../../../lib/stores/sql.js'
import { typeormStore } from '../../../lib/stores/typeorm.js'
import type { AsyncRecordStore, Version, Write } from '../../../types/store.js'
import { type CountingDoor, countingDoor } from '../../servers/trips.js'
import { freshIds, freshTable, type Opened, tomorrow } from './contract.js'
import { mysqlEngine, pgPool, postgresEngine } from './engines.js'

const onPostgres = await postgresEngine()
const onMysql = await mysqlEngine()
const dialect = 'postgres'
const table = freshTable()

type Open = (url: string) => Opened<SqlStore> | Promise<Opened<SqlStore>>

const clients: Readonly<Record<string, Open>> = {
  pg: (connectionString) => {
    const client = pgPool(connectionString, { max: 1 })
    return { store: postgresStore({ client, table }), close: () => client.end() }
  },
  Kysely: (connectionString) => {
    const pool = pgPool(connectionString, { max: 1 })
    const client = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
    return { store: kyselyStore({ client, dialect, table }), close: () => client.destroy() }
  },
  Knex: (connection) => {
    const client = knex({ client: 'pg', connection, pool: { min: 1, max: 1 } })
    return { store: knexStore({ client, dialect, table }), close: () => client.destroy() }
  },
  Drizzle: (connectionString) => {
    const pool = pgPool(connectionString, { max: 1 })
    return { store: drizzleStore({ client: drizzle(pool), sql, dialect, table }), close: () => pool.end() }
  },
  TypeORM: async (url) => {
    const client = new DataSource({ type: 'postgres', url, poolSize: 1 })
    await client.initialize()
    return { store: typeormStore({ client, dialect, table }), close: () => client.destroy() }
  }
}

for (const [name, open] of Object.entries(clients)) {
  test(`four records are read in one round trip through ${name} on PostgreSQL, and saved in one`, async (t) => {
    const { door, url } = await through(t, onPostgres.url)
    const store = await opened(t, open, url)
    await fourOf(store, door) // the connection opens
    t.strictSame(await fourOf(store, door), { reading: 1, saving: 1 })
  })
}

test('four records are read in one round trip from MySQL or MariaDB', async (t) => {
  const { door, url } = await through(t, onMysql.url)
  const store = await opened(t, (uri) => throughMysql2(uri), url)
  const ids = freshIds(4)
  for (const id of ids) await store.create(id, 'text', tomorrow())
  await store.readMany(ids) // the statement is prepared
  door.trips()
  t.equal((await store.readMany(ids)).filter((record) => record?.text === 'text').length, 4)
  t.equal(door.trips(), 1)
})

test('what many requests read in one turn of the event loop is one round trip', async (t) => {
  const open = clients['pg'] as Open
  for (const [engine, client] of [[onPostgres, open] as const, [onMysql, throughMysql2] as const]) {
    const { door, url } = await through(t, engine.url)
    const store = await opened(t, client, url)
    const ids = freshIds(16)
    for (const id of ids) await store.create(id, `of ${id}`, tomorrow())
    const readAtOnce = async () => (await Promise.all(ids.map((id) => store.read(id)))).map((record) => record?.text)
    await readAtOnce() // the statement is prepared
    door.trips()
    t.strictSame(
      await readAtOnce(),
      ids.map((id) => `of ${id}`)
    )
    t.equal(door.trips(), 1)
  }
})

function throughMysql2(uri: string): Opened<SqlStore> {
  const client = mysql.createPool({ uri, connectionLimit: 1 })
  return { store: mysqlStore({ client, table }), close: () => client.end() }
}

/** Reads and saves four records, one of each kind of write; says how often the client spoke for that. */
async function fourOf(store: AsyncRecordStore, door: CountingDoor): Promise<{ reading: number; saving: number }> {
  const { readMany, saveMany } = store
  if (!readMany || !saveMany) throw new Error('it has no batches')
  const [created = '', ...ids] = freshIds(4)
  const expires = tomorrow()
  const versions = await saveMany.call(
    store,
    ids.map((id) => ({ kind: 'create', id, text: 'text', expires }))
  )
  const [updated = '', touched = '', removed = ''] = ids
  const writes: readonly Write[] = [
    { kind: 'create', id: created, text: 'text', expires },
    { kind: 'update', id: updated, text: 'new', expires, version: versions[0] as Version },
    { kind: 'touch', id: touched, expires },
    { kind: 'remove', id: removed }
  ]
  door.trips()
  const results = await saveMany.call(store, writes)
  const saving = door.trips()
  const records = await readMany.call(store, [created, ...ids])
  const reading = door.trips()
  const done = [typeof results[0] === 'string', typeof results[1] === 'string', results[2], results[3]]
  const texts = records.map((record) => record?.text)
  if (!done.every(Boolean) || String(texts) !== 'text,new,text,') throw new Error(`${done}, ${texts}`)
  return { reading, saving }
}

async function through(t: Test, address: string): Promise<{ door: CountingDoor; url: string }> {
  const { hostname, port } = new URL(address)
  const door = await countingDoor({ host: hostname, port: Number(port) })
  t.teardown(() => door.close())
  return { door, url: Object.assign(new URL(address), { hostname: door.host, port: door.port }).href }
}

async function opened(t: Test, open: Open, url: string): Promise<SqlStore> {
  const { store, close } = await open(url)
  t.teardown(close)
  await store.setup()
  return store
}
