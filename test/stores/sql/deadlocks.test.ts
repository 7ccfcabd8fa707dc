import { t as tap, test } from 'tap'
import { type BatchingSqlStore, type PgClient, postgresStore } from '../../../lib/stores/postgres.js'
import type { Write } from '../../../types/store.js'
import { freshIds, freshTable, tomorrow } from './contract.js'
import { pgPool, postgresEngine } from './engines.js'

tap.setTimeout(300_000)

const onPostgres = await postgresEngine()

test('batches on PostgreSQL that cross wait for one another, and none is a deadlock', async (t) => {
  const pool = pgPool(onPostgres.url, { max: 8 })
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

interface DriverError {
  readonly code?: unknown
}

/** Every deadlock is an error that the client gets, also where the store tries again. */
function counting(deadlocks: { seen: number }, isDeadlock: (error: DriverError) => boolean): (error: unknown) => never {
  return (error) => {
    if (isDeadlock(error as DriverError)) deadlocks.seen++
    throw error
  }
}

/**
 * Several writers, each with batches over the same few records in an order of its own and with updates beside them,
 * while others sweep and clear.
 */
async function crossing(store: BatchingSqlStore, writers: number, rounds: number): Promise<number> {
  const ids = freshIds(12)
  let answered = 0
  const writer = async () => {
    for (let round = 0; round < rounds; round++) {
      const records = await store.readMany(ids)
      const updates = shuffled(ids).map((id) => {
        const version = records[ids.indexOf(id)]?.version
        return version === undefined ? undefined : store.update(id, 'newer', tomorrow(), version)
      })
      await Promise.all([store.saveMany(shuffled(ids).map(write)), ...updates])
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
