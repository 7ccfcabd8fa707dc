import pg from 'pg'
import postgres from 'postgres'
import { type Test, test } from 'tap'
import { StoreConfigError } from '../../../lib/errors.js'
import { type PostgresStoreOptions, postgresStore } from '../../../lib/stores/postgres.js'
import { postgresDialect } from '../../../lib/stores/sql/postgres.js'
import type { BatchingSqlStore } from '../../../lib/stores/sql.js'
import { schemaSql } from '../../../lib/stores/sql.js'
import type { Write } from '../../../types/store.js'
import { countingDoor } from '../../servers/trips.js'
import { counted } from './batches.js'
import { freshId, freshIds, freshTable, keepsTheContract, type Opened, tomorrow } from './contract.js'
import { pgPool, postgresEngine } from './engines.js'

const { url, nobody } = await postgresEngine()

type Through = (
  connectionString: string,
  options?: Partial<PostgresStoreOptions>,
  max?: number
) => Opened<BatchingSqlStore>

const throughPg: Through = (connectionString, options, max = 10) => {
  const client = pgPool(connectionString, { max })
  return { store: postgresStore({ client, ...options }), close: () => client.end() }
}
const throughPostgresJs: Through = (address, options, max = 10) => {
  const client = postgres(address, { max })
  return { store: postgresStore({ client, ...options }), close: () => client.end() }
}

for (const [name, through] of [['pg', throughPg] as const, ['postgres', throughPostgresJs] as const]) {
  const open = (address: string) => (table?: string) => through(address, table ? { table } : {})

  test(`the contract, kept through ${name}`, (t) =>
    keepsTheContract(t, { name, open: open(url), unreachable: () => through(nobody) }, { nul: false }))

  test(`the contract, kept through ${name} where transactions are serializable`, async (t) => {
    const address = isolated('serializable')
    t.hasStrict((await query('SHOW transaction_isolation', address)).rows, [{ transaction_isolation: 'serializable' }])
    await keepsTheContract(t, { name, open: open(address) }, { nul: false })
  })

  test(`a batch of any kinds is one round trip through ${name}`, async (t) => {
    const { hostname, port, username, pathname } = new URL(url)
    const door = await countingDoor({ host: hostname, port: Number(port) })
    const address = `postgres://${username}@${door.host}:${door.port}${pathname}`
    const { store, close } = through(address, { table: freshTable() }, 1)
    t.teardown(async () => {
      await close()
      await door.close()
    })
    await store.setup()
    t.strictSame(await counted(store, () => door.trips()), { creating: 1, changing: 1, reading: 1 })
  })
}

test('the contract, kept where transactions read repeatably', async (t) => {
  const address = isolated('repeatable read')
  t.hasStrict((await query('SHOW transaction_isolation', address)).rows, [{ transaction_isolation: 'repeatable read' }])
  const open = (table?: string) => throughPg(address, table ? { table } : {})
  await keepsTheContract(t, { name: 'pg', open }, { nul: false })
})

test('the contract, kept without prepared statements, as some poolers need it', (t) => {
  const open = (table?: string) => throughPg(url, { prepare: false, ...(table && { table }) })
  return keepsTheContract(t, { name: 'pg', open }, { nul: false })
})

test('statements are prepared once for a connection, or not at all', async (t) => {
  for (const prepare of [true, false]) {
    const client = pgPool(url, { max: 1 })
    const store = postgresStore({ client, table: freshTable(), prepare })
    await store.setup()
    for (const id of freshIds(3)) {
      const version = await store.create(id, 'text', tomorrow())
      await store.update(id, 'text', tomorrow(), version ?? '')
      await store.readMany([id, freshId()])
      await store.saveMany(freshIds(3).map((id) => ({ kind: 'touch', id, expires: tomorrow() })))
    }
    const { rows } = await client.query('SELECT name FROM pg_prepared_statements')
    t.equal(rows.length, prepare ? 4 : 0)
    await client.end()
  }
})

test('a text with U+0000, which JSON never has, is refused rather than cut short', async (t) => {
  const store = await ready(t, throughPg(url, { table: freshTable() }))
  const id = freshId()
  await t.rejects(store.create(id, 'a\0b', tomorrow()), { code: '22021' })
  await t.rejects(store.saveMany([{ kind: 'create', id, text: 'a\0b', expires: tomorrow() }]), { code: '22P05' })
  t.equal(await store.read(id), undefined)
})

test('many processes that start at once set up one table with its index', async (t) => {
  for (let round = 0; round < 5; round++) {
    const table = freshTable()
    const all = Array.from({ length: 8 }, () => throughPg(url, { table }, 1))
    await Promise.all(all.map(({ store }) => store.setup()))
    t.strictSame(await indexesOf(table), [`${table}_expires`, `${table}_pkey`])
    await Promise.all(all.map(({ close }) => close()))
  }
})

test('with the schema in place, the rights to read and write its rows are all that the store needs', async (t) => {
  const role = freshTable()
  const admin = pgPool(url)
  t.teardown(() => admin.end())
  await admin.query(`CREATE ROLE ${role} LOGIN`)
  const address = Object.assign(new URL(url), { username: role }).href
  const prepare = async (table: string) => {
    await admin.query(schemaSql('postgres', table))
    await admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${role}`)
  }
  // Once: of two who grant at the same time, PostgreSQL refuses one.
  const prepared = new Map<string, Promise<void>>()
  const open = async (table = freshTable()) => {
    const preparing = prepared.get(table) ?? prepare(table)
    prepared.set(table, preparing)
    await preparing
    return throughPg(address, { table })
  }
  await keepsTheContract(t, { name: 'pg', open }, { nul: false, rounds: 3 })
  await t.rejects(ready(t, throughPg(address, { table: freshTable() })), /permission denied/)
})

test('a table of another shape is refused at setup', async (t) => {
  const table = freshTable()
  const admin = pgPool(url)
  t.teardown(() => admin.end())
  await admin.query(`CREATE TABLE ${table} (sid text, sess json, expires bigint)`)
  await t.rejects(ready(t, throughPg(url, { table })), StoreConfigError)
})

test('a table can live in a schema, and keep capitals', async (t) => {
  const schema = freshTable()
  const admin = pgPool(url)
  t.teardown(() => admin.end())
  await admin.query(`CREATE SCHEMA "${schema}"`)
  const open = (table?: string) => throughPg(url, { table: `${schema}.S${table}` })
  await keepsTheContract(t, { name: 'pg', open }, { nul: false, rounds: 3 })
  const { rows } = await admin.query(`SELECT tablename FROM pg_tables WHERE schemaname = '${schema}'`)
  t.equal(rows.length, 2)
  t.ok(rows.every(({ tablename }) => tablename.startsWith('Ss')))
})

test('batches that meet on the same records are all answered', async (t) => {
  const table = freshTable()
  const [a, b] = [await ready(t, throughPg(url, { table })), await ready(t, throughPostgresJs(url, { table }))]
  const ids = freshIds(30)
  for (let round = 0; round < 20; round++) {
    const batch = (): Write[] =>
      shuffled(ids).map((id, at) => {
        const kind = (['create', 'touch', 'remove', 'create'] as const)[at % 4] ?? 'touch'
        return kind === 'create' ? { kind, id, text: 'text', expires: tomorrow() } : { kind, id, expires: tomorrow() }
      })
    const answers = await Promise.all([a, b, a, b, a, b].map((store) => store.saveMany(batch())))
    t.ok(answers.every(({ length }) => length === ids.length))
  }
})

test('sweeps that run at once share the work and count every record once', async (t) => {
  const table = freshTable()
  const store = await ready(t, throughPg(url, { table }))
  const writes = freshIds(5000).map((id): Write => ({ kind: 'create', id, text: 'old', expires: Date.now() - 1000 }))
  await store.saveMany(writes)
  await store.create(freshId(), 'live', tomorrow())
  const swept = await Promise.all([store.sweep(), store.sweep(), store.sweep()])
  t.equal(swept.reduce((sum, count) => sum + count, 0) + (await store.sweep()), 5000)
  const { rows } = await query(`SELECT count(*)::int AS left FROM ${table}`)
  t.equal(rows[0].left, 1)
})

test('every statement finds its records by an index', async (t) => {
  const table = freshTable()
  const store = await ready(t, throughPg(url, { table }))
  const expires = tomorrow()
  await store.saveMany(freshIds(5000).map((id): Write => ({ kind: 'create', id, text: 'text', expires })))
  await query(`ANALYZE ${table}`)
  const { update, updateMany, touch, remove, sweep, readMany, saveMany } = postgresDialect(table)
  const batch = saveMany([{ kind: 'remove', id: 'a', text: null, version: null, expires: null, expected: null }], 0)
  const texts = [readMany(1), update, String(updateMany), touch, remove, readMany(8), sweep, String(batch[0]?.text)]
  for (const text of texts) {
    const plan = await query(`EXPLAIN ${text.replaceAll('CAST(? AS text)', "'[]'").replaceAll('?', "'5'")}`)
    const lines = plan.rows.map((row) => row['QUERY PLAN'])
    t.notMatch(lines.join(), `Seq Scan on ${table}`, text)
    t.match(lines.join(), text === sweep ? `${table}_expires` : `${table}_pkey`)
  }
})

/** Every transaction at another level than `read committed`, as a server or a role can have it by default. */
function isolated(level: string): string {
  const address = new URL(url)
  address.searchParams.set('options', `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`)
  return address.href
}

async function ready(t: Test, { store, close }: Opened<BatchingSqlStore>): Promise<BatchingSqlStore> {
  t.teardown(close)
  await store.setup()
  return store
}

async function query(text: string, address = url): Promise<pg.QueryResult> {
  const client = new pg.Client(address)
  await client.connect()
  try {
    return await client.query(text)
  } finally {
    await client.end()
  }
}

async function indexesOf(table: string): Promise<readonly string[]> {
  const { rows } = await query(`SELECT indexname FROM pg_indexes WHERE tablename = '${table}' ORDER BY indexname`)
  return rows.map(({ indexname }) => indexname)
}

function shuffled<T>(all: readonly T[]): readonly T[] {
  return all
    .map((one) => ({ one, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one)
}
