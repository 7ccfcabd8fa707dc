import mysql from 'mysql2/promise'
import pg from 'pg'
import { t as tap, test } from 'tap'
import { mysqlStore } from '../../../lib/stores/mysql.js'
import { type BatchingSqlStore, type PgClient, postgresStore } from '../../../lib/stores/postgres.js'
import type { RecordStore, Write } from '../../../types/store.js'
import { freshIds, freshTable, tomorrow } from './contract.js'
import { mysqlEngine, postgresEngine } from './engines.js'

tap.setTimeout(300_000)

const onPostgres = await postgresEngine()
const onMysql = await mysqlEngine()

test('batches on PostgreSQL that cross wait for one another, and none is a deadlock', async (t) => {
  const pool = new pg.Pool({ connectionString: onPostgres.url, max: 8 })
  t.teardown(() => pool.end())
  const deadlocks = { seen: 0 }
  const client: PgClient = {
    query: (statement) => pool.query(statement).catch(counting(deadlocks, ({ code }) => code === '40P01'))
  }
  const store = postgresStore({ client, table: freshTable() })
  await store.setup()
  const answered = await crossing(store, 8, 150)
  t.equal(deadlocks.seen, 0, `${answered} batches`)
})

test('writes and sweeps on MySQL or MariaDB that cross wait for one another, and none is a deadlock', async (t) => {
  const pool = mysql.createPool({ uri: onMysql.url, connectionLimit: 32 })
  t.teardown(() => pool.end())
  const deadlocks = { seen: 0 }
  const client = {
    execute: (text: string, params: (string | number | null)[]) =>
      pool.execute(text, params).catch(counting(deadlocks, ({ errno }) => errno === 1213))
  }
  const store = mysqlStore({ client, table: freshTable() })
  await store.setup()
  const ids = [...freshIds(100)]
  for (const id of ids) await store.create(id, 'text', tomorrow())
  const writer = async () => {
    for (let round = 0; round < 100; round++) {
      await Promise.all(
        shuffled([...ids.keys()])
          .slice(0, 12)
          .map((at) => livesOn(store, ids, at))
      )
      if (round % 2 === 0) await store.sweep()
    }
  }
  await Promise.all(Array.from({ length: 8 }, writer))
  t.equal(deadlocks.seen, 0)
})

/** What a session does: it is used, also by several at once; it ends, and another, of another id, takes its place. */
async function livesOn(store: RecordStore, ids: string[], at: number): Promise<unknown> {
  const id = ids[at] as string
  const chance = Math.random()
  if (chance < 0.4) return store.touch(id, tomorrow())
  const next = freshIds(1)[0] as string
  ids[at] = next
  const ends = chance < 0.7 ? store.touch(id, Date.now() - 1000) : store.remove(id)
  return Promise.all([store.touch(id, tomorrow()), ends, store.create(next, 'text', tomorrow())])
}

interface DriverError {
  readonly code?: unknown
  readonly errno?: unknown
}

/** Every deadlock is an error that the client gets, also where the store tries again. */
function counting(deadlocks: { seen: number }, isDeadlock: (error: DriverError) => boolean): (error: unknown) => never {
  return (error) => {
    if (isDeadlock(error as DriverError)) deadlocks.seen++
    throw error
  }
}

/** Several writers, each with batches over the same few records in an order of its own, while others sweep and clear. */
async function crossing(store: BatchingSqlStore, writers: number, rounds: number): Promise<number> {
  const ids = freshIds(12)
  let answered = 0
  const writer = async () => {
    for (let round = 0; round < rounds; round++) {
      await store.saveMany(shuffled(ids).map(write))
      answered++
      if (round % 10 === 0) await store.sweep()
      if (round % 25 === 0) await store.clear()
    }
  }
  await Promise.all(Array.from({ length: writers }, writer))
  return answered
}

/** One of all kinds, some of which leave a record that has expired. */
function write(id: string, at: number): Write {
  const expires = Math.random() < 0.2 ? Date.now() - 1000 : tomorrow()
  const kind = (['create', 'touch', 'remove', 'create'] as const)[at % 4] ?? 'touch'
  if (kind === 'create') return { kind, id, text: 'text', expires }
  return kind === 'touch' ? { kind, id, expires } : { kind, id }
}

function shuffled<T>(all: readonly T[]): readonly T[] {
  return all
    .map((one) => ({ one, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one)
}
